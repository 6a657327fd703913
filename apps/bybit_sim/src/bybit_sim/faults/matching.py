"""Targets of faults: globs on paths, topics and kinds of sockets; it refuses to tell them apart."""

import re
from collections.abc import Callable
from fnmatch import translate


def matcher(target: str) -> Callable[[str], bool]:
    """Whether a text matches one of the globs in `target`, which commas part: "order,order.*"."""
    globs = (translate(part.strip()) for part in target.split(","))
    pattern = re.compile("|".join(f"(?:{glob})" for glob in globs))
    return lambda text: pattern.match(text) is not None
