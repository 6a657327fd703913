import io
from decimal import Decimal

from appkit.ladder_table import print_findings, print_ladder
from appkit.output import console
from gridcore.config import GridConfig
from gridcore.instrument import Instrument
from gridcore.preview import Preview, preview
from gridcore.sizing import parse_amount
from gridcore.tiers import RiskTier, RiskTiers

INSTRUMENT = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
TIERS = RiskTiers(
    [
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.005"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.01"),
        )
    ]
)


def ladder(price: str, amount: str = "1000") -> Preview:
    return preview(
        Decimal(price),
        grid=GridConfig(grid_count=6),
        amount=parse_amount(amount),
        instrument=INSTRUMENT,
        wallet=Decimal(10_000),
        tiers=TIERS,
        leverage=Decimal(10),
    )


def drawn(found: Preview) -> str:
    stream = io.StringIO()
    print_ladder(console(stream), "main on BTCUSDT", found, [("leverage", "10")])
    print_findings(console(stream), found.findings)
    return stream.getvalue()


def test_levels_stand_from_the_highest_down_with_what_follows_from_them() -> None:
    text = drawn(ladder("100000"))

    lines = text.splitlines()
    assert lines[0].strip() == "main on BTCUSDT at 100,000"
    assert "100,601.2  Sell" in lines[2]
    assert "99,401.2  Buy" in lines[8]
    assert "0.60 %" in text
    assert "all buys filled, long" in text
    assert "margin 328.68, liquidation" in text
    assert lines[-1].split() == ["leverage", "10"]


def test_a_ladder_without_levels_is_only_the_reason() -> None:
    text = drawn(ladder("60"))

    assert text.startswith("impossible: ")
    assert "leverage" not in text


def test_what_blocks_and_what_is_only_odd_are_told_apart() -> None:
    assert "note: 6 of 7 levels: more than 1.5 times" in drawn(ladder("100000", "1"))
    assert "impossible: all long orders filled need a margin" in drawn(ladder("100000", "90000"))
