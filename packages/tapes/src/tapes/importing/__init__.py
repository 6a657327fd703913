"""Makes tapes from recorded files: Bybit's archive, generic CSV and Parquet, 1-minute bars."""

from tapes.importing.counters import RULES, Fault, FaultCount, ImportCounters
from tapes.importing.job import (
    DEFAULT_TOLERATE,
    ImportOutcome,
    ImportRequest,
    import_files,
)
from tapes.importing.layouts import ColumnOptions, SourceKind
from tapes.importing.moments import TimeUnit
from tapes.importing.restoring import exported_manifest, restore_tape
from tapes.importing.symbols import symbol_in

__all__ = [
    "DEFAULT_TOLERATE",
    "RULES",
    "ColumnOptions",
    "Fault",
    "FaultCount",
    "ImportCounters",
    "ImportOutcome",
    "ImportRequest",
    "SourceKind",
    "TimeUnit",
    "exported_manifest",
    "import_files",
    "restore_tape",
    "symbol_in",
]
