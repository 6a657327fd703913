"""The table of paths (bybit.md A.3 to A.5)."""

from bybit_sim.rest.limits import caps_of
from bybit_sim.rest.routes import ROUTES, MarketRoute, method_of


def test_every_path_that_is_signed_has_a_limit_and_no_public_one_has() -> None:
    signed = {path for path, route in ROUTES.items() if not isinstance(route, MarketRoute)}

    assert signed == set(caps_of(0))


def test_what_acts_is_posted_and_what_reads_is_got() -> None:
    posts = {path for path, route in ROUTES.items() if method_of(route) == "POST"}

    assert posts == {
        "/v5/order/create",
        "/v5/order/amend",
        "/v5/order/cancel",
        "/v5/order/cancel-all",
        "/v5/order/create-batch",
        "/v5/order/amend-batch",
        "/v5/order/cancel-batch",
        "/v5/order/disconnected-cancel-all",
        "/v5/position/set-leverage",
        "/v5/position/switch-mode",
    }


def test_every_endpoint_of_the_issue_is_there() -> None:
    market = (
        "time instruments-info tickers recent-trade kline funding/history risk-limit price-limit"
    )
    order = "create amend cancel cancel-all create-batch cancel-batch realtime history"
    position = "list switch-mode set-leverage closed-pnl"
    account = "wallet-balance info fee-rate transaction-log"
    wanted = {"market": market, "order": order, "position": position, "account": account}
    paths = {f"/v5/{area}/{name}" for area, names in wanted.items() for name in names.split()}

    assert paths | {"/v5/execution/list", "/v5/user/query-api"} <= set(ROUTES)
