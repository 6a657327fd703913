"""The kernel: events in, intents and effects out. Standard library only, no clock, no files.

The names below are found on first use, so that importing the kernel never imports the one module
that touches files.
"""

from importlib import import_module

_PLACES = {
    "AccountSession": "gridcore.session.account",
    "DirectionType": "gridcore.sides",
    "GridAnchorStore": "gridcore.persistence",
    "GridConfig": "gridcore.config",
    "GridEngine": "gridcore.engine",
    "GridSideType": "gridcore.sides",
    "Instrument": "gridcore.instrument",
    "OpenOrder": "gridcore.working",
    "RiskConfig": "gridcore.config",
    "SafetyConfig": "gridcore.config",
    "SideType": "gridcore.sides",
    "SizingConfig": "gridcore.config",
    "StrategySetup": "gridcore.session.setup",
    "Ticker": "gridcore.events",
}

__all__ = [
    "AccountSession",
    "DirectionType",
    "GridAnchorStore",
    "GridConfig",
    "GridEngine",
    "GridSideType",
    "Instrument",
    "OpenOrder",
    "RiskConfig",
    "SafetyConfig",
    "SideType",
    "SizingConfig",
    "StrategySetup",
    "Ticker",
]


def __getattr__(name: str) -> object:
    """A public name of the kernel, from the module that defines it."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"gridcore has no {name!r}; its names are {', '.join(__all__)}")
    return getattr(import_module(place), name)
