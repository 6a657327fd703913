"""The shared values: spelled as the protocol spells them, and silent about secrets."""

from bybit_sim.exchange.words import OPEN_STATES, ApiKey, Lifetime, PrivateTopic, State


def test_states_and_lifetimes_are_spelled_as_bybit_spells_them() -> None:
    assert [state.value for state in State] == [
        "New",
        "PartiallyFilled",
        "Filled",
        "Cancelled",
        "Rejected",
    ]
    assert [one.value for one in Lifetime] == ["GTC", "IOC", "FOK", "PostOnly"]
    assert {topic.value for topic in PrivateTopic} == {
        "order",
        "execution",
        "execution.fast",
        "position",
        "wallet",
    }


def test_only_new_and_partly_filled_orders_are_open() -> None:
    assert {state.value for state in OPEN_STATES} == {"New", "PartiallyFilled"}


def test_a_key_does_not_show_its_secret_a49() -> None:
    key = ApiKey(key="demo-key", secret="never-to-be-seen")

    assert "demo-key" in repr(key)
    assert "never-to-be-seen" not in repr(key)
