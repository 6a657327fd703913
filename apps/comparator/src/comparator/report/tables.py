"""The tables of a comparison as CSV text (13.1 to 13.4); it knows columns and touches no file.

Text cells are made harmless for spreadsheets, numbers stay numbers (C-8).
"""

from collections.abc import Iterable, Iterator

from appkit.dates import instant_iso
from backtest.tables import Cell, csv_text
from comparator.certificate.certify import Certified
from comparator.equity import EquityPoint
from comparator.fills import SIDES, Fill, FillTable, Rows
from comparator.matching import Matching
from comparator.metrics import Metrics, deltas_of
from comparator.telemetry import PositionPair
from gridcore.sides import opening_side

MATCHED_COLUMNS = (
    *("client_order_id", "occurrence", "symbol", "side"),
    *("live_price", "backtest_price", "price_delta", "live_qty", "backtest_qty", "qty_delta"),
    *("live_fee", "backtest_fee", "fee_delta", "live_pnl", "backtest_pnl", "pnl_delta"),
    *("live_timestamp", "backtest_timestamp"),
)
UNMATCHED_COLUMNS = (
    *("source", "client_order_id", "occurrence", "symbol", "side"),
    *("price", "qty", "fee", "realized_pnl", "timestamp"),
)
CERTIFICATE_COLUMNS = (
    *("class", "client_order_id", "symbol", "side", "direction"),
    *("live_occurrence", "backtest_occurrence", "live_timestamp", "backtest_timestamp"),
    *("live_price", "backtest_price", "live_qty", "backtest_qty", "reason", "evidence"),
)
EQUITY_COLUMNS = ("timestamp", "live", "backtest", "divergence")
POSITION_COLUMNS = (
    *("side", "live_ts", "backtest_ts", "live_size", "bt_size", "live_entry", "bt_entry"),
    *("mark_price", "live_im", "bt_im", "im_delta", "live_mm", "bt_mm", "mm_delta"),
    *("live_liq", "bt_liq", "liq_delta"),
    *("live_unrealised_recomp", "bt_unrealised_recomp", "unrealised_delta"),
    *("live_cum_realised", "bt_cum_realised", "cum_realised_delta"),
    *("live_cur_realised", "bt_cur_realised", "cur_realised_delta"),
    *("live_upnl_usdt", "bt_upnl_usdt", "upnl_usdt_delta"),
    *("live_position_value", "bt_position_value", "pos_value_delta", "state_diverged"),
)


def matched_csv(live: FillTable, backtest: FillTable, matching: Matching) -> str:
    """Every pair with its deltas, backtest minus live; row i is pair i of the matching (13.1)."""
    return csv_text(MATCHED_COLUMNS, _matched_rows(live, backtest, matching))


def _matched_rows(
    live: FillTable, backtest: FillTable, matching: Matching
) -> Iterator[tuple[Cell, ...]]:
    mine, theirs = matching.live, matching.backtest
    deltas = deltas_of(live, backtest, matching)
    sides = [SIDES[number] for number in live.columns.side[mine].tolist()]
    symbols = live.columns.symbol[mine].tolist()
    amounts = zip(
        *(live.prices(mine).decimals(), backtest.prices(theirs).decimals()),
        deltas.price.decimals(),
        *(
            table.columns.qty.take(rows).decimals()
            for table, rows in _ends(live, backtest, matching)
        ),
        deltas.qty.decimals(),
        *(
            table.columns.fee.take(rows).decimals()
            for table, rows in _ends(live, backtest, matching)
        ),
        deltas.fee.decimals(),
        *(
            table.columns.realised.take(rows).decimals()
            for table, rows in _ends(live, backtest, matching)
        ),
        deltas.realised.decimals(),
        strict=True,
    )
    times = zip(live.columns.at[mine].tolist(), backtest.columns.at[theirs].tolist(), strict=True)
    for (identity, occurrence), symbol, side, numbers, (live_at, backtest_at) in zip(
        live.identities(mine), symbols, sides, amounts, times, strict=True
    ):
        yield (
            *(identity, occurrence, symbol.decode(), side),
            *numbers,
            *(instant_iso(live_at), instant_iso(backtest_at)),
        )


def _ends(
    live: FillTable, backtest: FillTable, matching: Matching
) -> tuple[tuple[FillTable, Rows], tuple[FillTable, Rows]]:
    return (live, matching.live), (backtest, matching.backtest)


def unmatched_csv(live: FillTable, backtest: FillTable, matching: Matching) -> str:
    """Every fill without a partner, live ones first, each sorted by id and occurrence (13.2)."""
    rows = [
        *_alone("live_only", live, matching.live_only),
        *_alone("backtest_only", backtest, matching.backtest_only),
    ]
    return csv_text(UNMATCHED_COLUMNS, rows)


def _alone(source: str, table: FillTable, rows: Rows) -> Iterator[tuple[Cell, ...]]:
    # A selection is in the order of the table; the file is in that of the matching.
    fills = table.select(rows).rows()
    for fill in sorted(fills, key=lambda fill: (fill.client_order_id, fill.occurrence)):
        yield (
            *(source, fill.client_order_id, fill.occurrence, fill.symbol, fill.side),
            *(fill.price, fill.qty, fill.fee, fill.realised, instant_iso(fill.at)),
        )


def metrics_csv(metrics: Metrics) -> str:
    """Every figure under its name (13.3)."""
    return csv_text(("metric", "value"), metrics.rows())


def certificate_csv(certified: Certified) -> str:
    """Every divergence and every payment of funding with its class and reason."""
    return csv_text(CERTIFICATE_COLUMNS, _certificate_rows(certified))


def _certificate_rows(certified: Certified) -> Iterator[tuple[Cell, ...]]:
    for one in certified.divergences:
        live, backtest = one.live, one.backtest
        fill = live or backtest
        assert fill is not None
        evidence = "; ".join(f"{name}={value}" for name, value in one.facts)
        if one.refused:
            evidence += " | " + "; ".join(f"{kind.value}: {text}" for kind, text in one.refused)
        yield (
            *(one.kind, fill.client_order_id, fill.symbol, fill.side, fill.direction),
            *(_known(live, "occurrence"), _known(backtest, "occurrence")),
            *(_time(live), _time(backtest)),
            *(_known(live, "price"), _known(backtest, "price")),
            *(_known(live, "qty"), _known(backtest, "qty")),
            *(one.text, evidence),
        )
    for found in certified.charges:
        charge = found.charge
        time = instant_iso(charge.at)
        side = opening_side(charge.direction)
        yield (
            *(found.kind, "", charge.symbol, side, charge.direction, None, None, time, None),
            *(charge.price, None, charge.qty, None, found.text, f"amount={charge.amount}"),
        )


def _known(fill: Fill | None, name: str) -> Cell:
    found: Cell = None if fill is None else getattr(fill, name)
    return found


def _time(fill: Fill | None) -> Cell:
    return None if fill is None else instant_iso(fill.at)


def equity_csv(points: Iterable[EquityPoint]) -> str:
    """The last equity of every bucket (C-7)."""
    rows = (
        (instant_iso(point.start), point.live, point.backtest, point.divergence) for point in points
    )
    return csv_text(EQUITY_COLUMNS, rows)


def positions_csv(pairs: Iterable[PositionPair]) -> str:
    """Every paired position; those without a live row are only counted (13.4)."""
    return csv_text(POSITION_COLUMNS, _position_rows(pairs))


def _position_rows(pairs: Iterable[PositionPair]) -> Iterator[tuple[Cell, ...]]:
    for pair in pairs:
        live, backtest, deltas = pair.live, pair.backtest, pair.deltas
        if live is None:
            continue
        yield (
            opening_side(backtest.direction),
            *(instant_iso(live.at), instant_iso(backtest.at)),
            *(live.size, backtest.size, live.entry_price, backtest.entry_price, live.mark_price),
            *(live.position_im, backtest.position_im, deltas.position_im),
            *(live.position_mm, backtest.position_mm, deltas.position_mm),
            *(live.liq_price, backtest.liq_price, deltas.liq_price),
            *(pair.live_unrealised, pair.backtest_unrealised, deltas.unrealised_pnl),
            *(live.cum_realised_pnl, backtest.cum_realised_pnl, deltas.cum_realised),
            *(live.cur_realised_pnl, backtest.cur_realised_pnl, deltas.cur_realised),
            *(live.unrealised_pnl, backtest.unrealised_pnl, deltas.upnl_usdt),
            *(live.position_value, backtest.position_value, deltas.pos_value),
            int(pair.has_diverged),
        )
