"""Every checker of the campaign, one per law; fresh ones for every run."""

from simvenue.campaign.cancel_law import CancelChecker
from simvenue.campaign.deadline_law import DeadlineChecker
from simvenue.campaign.exposure_law import ExposureChecker
from simvenue.campaign.grid_law import GridChecker
from simvenue.campaign.ledger_law import LedgerChecker
from simvenue.campaign.level_law import LevelChecker
from simvenue.campaign.mirror_law import MirrorChecker
from simvenue.campaign.mode_law import ModeChecker
from simvenue.campaign.quiet_law import QuietChecker
from simvenue.campaign.wire_law import WireIdChecker
from simvenue.campaign.world import Watcher


def all_checkers() -> list[Watcher]:
    """One checker per law. The last one asks gates that may act, so it must come last."""
    return [
        LevelChecker(),
        ExposureChecker(),
        ModeChecker(),
        WireIdChecker(),
        CancelChecker(),
        DeadlineChecker(),
        MirrorChecker(),
        LedgerChecker(),
        QuietChecker(),
        GridChecker(),
    ]
