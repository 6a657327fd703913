from pybit.unified_trading import HTTP

from bybit_adapter.errors import Operation
from bybit_adapter.rest import calls


def test_every_call_names_a_method_of_pybit() -> None:
    assert [
        call for call in calls.ALL_CALLS if not callable(getattr(HTTP, call.method, None))
    ] == []


def test_no_path_stands_twice() -> None:
    paths = [call.path for call in calls.ALL_CALLS]

    assert len(set(paths)) == len(paths) == 25


def test_market_calls_need_no_key_and_all_others_do() -> None:
    for call in calls.ALL_CALLS:
        assert call.private is not call.path.startswith("/v5/market/")


def test_only_creates_can_leave_an_order_behind() -> None:
    creating = [call for call in calls.ALL_CALLS if call.operation is Operation.CREATE]

    assert creating == [calls.CREATE, calls.CREATE_BATCH]
