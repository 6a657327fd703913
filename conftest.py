"""How Hypothesis searches in every test of the tree."""

import os

from hypothesis import HealthCheck, settings

# No deadline: a busy machine is not a defect. In CI the search is the same for the same code, so
# that a red run is about the change.
settings.register_profile(
    "tree",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tree")
