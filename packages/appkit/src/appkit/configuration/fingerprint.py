"""The hash that says whether two runs had the same configuration."""

import hashlib
import json

from pydantic import BaseModel

from appkit.output import plain


def config_hash(model: BaseModel) -> str:
    """SHA-256 in hex over the model's canonical JSON: sorted keys, numbers as canonical text.

    Defaults count as if they were written out, so the hash depends on what a run does and not on
    how much of it was spelt. Secrets enter as stars.
    """
    text = json.dumps(plain(model), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
