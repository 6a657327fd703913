"""Ids look like the exchange's, never repeat, and follow from seed and account."""

import re

from bybit_sim.exchange.ids import Ids

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")


def test_order_and_execution_ids_have_the_form_of_a_uuid_and_differ() -> None:
    ids = Ids(1, 1001)

    minted = [ids.order_id() for _ in range(200)] + [ids.execution_id() for _ in range(200)]

    assert all(UUID.fullmatch(text) for text in minted)
    assert len(set(minted)) == 400


def test_the_same_seed_and_account_give_the_same_ids_and_others_do_not() -> None:
    first = Ids(1, 1001).order_id()

    assert Ids(1, 1001).order_id() == first
    assert Ids(2, 1001).order_id() != first
    assert Ids(1, 1002).order_id() != first


def test_the_sequence_only_grows() -> None:
    ids = Ids(1, 1001)

    assert ids.sequence() < ids.sequence()
