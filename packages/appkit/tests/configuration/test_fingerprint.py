from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from appkit.configuration import StrictModel, config_hash, parse


class Root(StrictModel):
    step: Decimal = Decimal("0.2")
    name: str = "a"


def hash_of(text: str) -> str:
    return config_hash(parse(Root, text, Path("x.yaml"), environment={}))


def test_order_spelling_and_written_out_defaults_do_not_change_the_hash() -> None:
    assert hash_of("step: 0.2\nname: a\n") == hash_of("name: a\nstep: 2.0e-1\n") == hash_of("{}")


def test_the_hash_is_the_sha256_of_the_canonical_json() -> None:
    """sha256 of {"name":"a","step":"0.2"}, computed by hand with sha256sum."""
    assert hash_of("{}") == ("bb00f5dd074d8445cbee34fbd8b0facea82bc00b9a989de80639ae6234894a85")


@given(st.decimals(min_value=0, max_value=1000, places=6))
def test_a_changed_number_changes_the_hash(step: Decimal) -> None:
    same = Root(step=step) == Root()
    assert (config_hash(Root(step=step)) == config_hash(Root())) is same
