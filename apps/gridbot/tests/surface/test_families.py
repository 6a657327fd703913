"""Families of `/metrics`."""

from decimal import Decimal

from gridbot.surface.families import add_known, counter, gauge


def test_a_family_begins_with_our_name_and_the_account() -> None:
    made = gauge("equity_usdt", "cash and unrealised profit", "symbol")
    counted = counter("fills", "executions of our orders")

    made.add_metric(["main", "BTCUSDT"], 1)
    counted.add_metric(["main"], 2)

    assert made.samples[0].name == "gridbot_equity_usdt"
    assert made.samples[0].labels == {"account": "main", "symbol": "BTCUSDT"}
    assert counted.samples[0].name == "gridbot_fills_total"


def test_an_unknown_value_has_no_sample_and_a_known_one_has_its_unit() -> None:
    made = gauge("distance_ratio", "how far")

    add_known(made, ["a"], None)
    add_known(made, ["b"], Decimal("12.5"), Decimal("0.01"))

    assert [(one.labels["account"], one.value) for one in made.samples] == [("b", 0.125)]
