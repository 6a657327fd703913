"""Vector files: finding, reading and refusing them. It does not know what a case means."""

import gzip
import json
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).parent / "data"
FORMAT = 1
SUFFIXES = (".json", ".json.gz")


class UnreadableVectors(ValueError):
    """A file is no vector file of the known format."""


def vector_files(folder: Path) -> list[Path]:
    """The vector files of a folder, by name; other files are none of ours."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES))


def read_vectors(path: Path) -> dict[str, Any]:
    """The document of a file; UnreadableVectors says what was expected and found."""
    try:
        content = path.read_bytes()
        if path.name.endswith(".gz"):
            content = gzip.decompress(content)
        document = json.loads(content)
    except (OSError, EOFError, ValueError) as error:
        raise UnreadableVectors(f"expected JSON, found {error}") from error
    if not isinstance(document, dict):
        raise UnreadableVectors(f"expected an object, found {type(document).__name__}")
    header, cases = document.get("header"), document.get("cases")
    if not isinstance(header, dict) or not isinstance(cases, list):
        raise UnreadableVectors("expected an object with header and cases")
    if header.get("format") != FORMAT:
        raise UnreadableVectors(f"expected format {FORMAT}, found {header.get('format')!r}")
    if header.get("cases") != len(cases):
        raise UnreadableVectors(f"expected {header.get('cases')!r} cases, found {len(cases)}")
    return document
