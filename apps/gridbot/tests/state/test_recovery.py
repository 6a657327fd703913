"""A session rises as it died: from the saved state, the journal behind it, or both."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appkit.account_setup import AccountSetup
from appkit.exits import UserError
from appkit.journals.files import account_folder, journal_files, setup_path, state_path
from gridbot.state.recovery import CLOCK_GRACE_US, recover, refuse_the_past
from gridbot.state.saved_state import save
from gridcore.clock import Instant
from gridcore.config import SizingConfig
from gridcore.session.account import AccountSession
from gridcore.session.setup import StrategySetup

Lived = Callable[..., Any]
Make = Callable[..., AccountSetup]


def text_of(session: AccountSession) -> str:
    """All memory as text: byte for byte."""
    return json.dumps(session.snapshot())


def die(lived: Lived, folder: Path, setup: AccountSetup, steps: int, saved_at: int | None) -> Any:
    """A process that saved its state at a step, and was killed after `steps`."""
    journal, life = lived(folder, setup, 0)
    for step in range(steps):
        if step == saved_at:
            save(folder, "main", life.session.snapshot(), journal.next_seq, setup)
        journal.append(*life.step())
        journal.commit_now()
    journal.close()
    return journal, life


def test_nothing_saved_is_a_fresh_start(make_account_setup: Make, tmp_path: Path) -> None:
    session = make_account_setup().session()
    before = text_of(session)

    recovered = recover(tmp_path, "main", session)

    assert recovered.is_fresh
    assert (recovered.next_seq, recovered.events, recovered.warnings) == (1, 0, ())
    assert text_of(session) == before


@settings(max_examples=15)
@given(data=st.data())
def test_a_killed_process_rises_as_it_died_wherever_it_saved(
    data: st.DataObject,
    lived: Lived,
    make_account_setup: Make,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder, setup = tmp_path_factory.mktemp("life"), make_account_setup()
    steps = data.draw(st.integers(0, 60))
    saved_at = data.draw(st.none() | st.integers(0, 60))
    journal, life = die(lived, folder, setup, steps, saved_at)
    session = setup.session()

    recovered = recover(folder, "main", session)

    assert text_of(session) == text_of(life.session)
    assert recovered.next_seq == journal.next_seq
    saved = saved_at is not None and saved_at < steps
    assert recovered.events == (steps - saved_at if saved and saved_at is not None else steps)
    assert (recovered.warnings, recovered.difference, recovered.is_fresh) == ((), None, False)


def test_several_lives_follow_each_other(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 25)
    for number in range(3):
        journal.close()
        assert journal.archive.wait(10)
        session = setup.session()
        recovered = recover(tmp_path, "main", session)
        assert text_of(session) == text_of(life.session)
        assert recovered.next_seq == journal.next_seq
        life.go_on(session)
        journal, _ = lived(tmp_path, setup, 25, life=life, first_seq=recovered.next_seq)
        if number % 2:
            save(tmp_path, "main", life.session.snapshot(), journal.next_seq, setup)
    journal.close()
    assert journal.archive.wait(10)

    risen = setup.session()
    recover(tmp_path, "main", risen)

    assert text_of(risen) == text_of(life.session)
    assert [one.is_compressed for one in journal_files(tmp_path, "main")] == [True] * 3 + [False]


@settings(max_examples=25)
@given(cut=st.integers(1, 400))
def test_a_torn_end_is_dropped_and_the_whole_lines_before_it_count(
    cut: int, lived: Lived, make_account_setup: Make, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, setup = tmp_path_factory.mktemp("torn"), make_account_setup()
    journal, _ = die(lived, folder, setup, 30, None)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:-cut])
    lines = whole[:-cut].decode().split("\n")[:-1]
    session, expected = setup.session(), setup.session()

    recovered = recover(folder, "main", session)

    # A line that lacks its newline alone is whole.
    kept = lines if cut > 1 else whole.decode().split("\n")[:-1]
    assert recovered.next_seq == 1 + len(kept)
    assert recovered.difference is None
    journal.path.write_text("".join(f"{line}\n" for line in kept))
    recover(folder, "main", expected)
    assert text_of(session) == text_of(expected)


def test_zeros_that_a_power_cut_leaves_at_the_end_are_a_torn_end(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = die(lived, tmp_path, setup, 20, None)
    with journal.path.open("ab") as file:
        file.write(bytes(4096))
    session = setup.session()

    recovered = recover(tmp_path, "main", session)

    assert text_of(session) == text_of(life.session)
    assert recovered.next_seq == journal.next_seq


def test_a_damaged_line_before_others_is_refused_and_nothing_is_changed(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, _ = die(lived, tmp_path, setup, 20, None)
    lines = journal.path.read_text().splitlines(keepends=True)
    journal.path.write_text("".join([*lines[:9], lines[9][:-9] + "\n", *lines[10:]]))
    damaged = journal.path.read_bytes()
    session = setup.session()
    before = text_of(session)

    with pytest.raises(UserError, match=r"account main: the journal .* does not fit") as refused:
        recover(tmp_path, "main", session)

    assert "move that file away" in str(refused.value.hint)
    assert journal.path.read_bytes() == damaged
    assert text_of(session) == before


def test_with_the_damaged_file_moved_away_the_saved_state_is_where_it_goes_on(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = die(lived, tmp_path, setup, 20, None)
    save(tmp_path, "main", life.session.snapshot(), journal.next_seq, setup)
    journal.path.rename(tmp_path / "away.jsonl")
    session = setup.session()

    recovered = recover(tmp_path, "main", session)

    assert text_of(session) == text_of(life.session)
    assert recovered.next_seq == journal.next_seq


@pytest.mark.parametrize("behind", [0, 7])
def test_a_missing_line_is_refused(
    behind: int, lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = lived(tmp_path, setup, 3)
    save(tmp_path, "main", life.session.snapshot(), journal.next_seq, setup)
    gone = journal.next_seq + behind
    for _ in range(20):
        journal.append(*life.step())
    journal.close()
    lines = journal.path.read_text().splitlines(keepends=True)
    journal.path.write_text("".join([*lines[: gone - 1], *lines[gone:]]))

    with pytest.raises(UserError, match=f"expected line {gone}, found 'line {gone + 1}'"):
        recover(tmp_path, "main", setup.session())


def test_a_state_that_cannot_be_read_is_kept_and_the_journal_is_used(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    _, life = die(lived, tmp_path, setup, 20, 10)
    path = state_path(tmp_path, "main")
    path.write_text(path.read_text().replace('"started":true', '"started":false'))
    session = setup.session()

    recovered = recover(tmp_path, "main", session)

    assert text_of(session) == text_of(life.session)
    assert "the snapshot was changed after it was written" in recovered.warnings[0]
    copy = path.with_name("state.json.corrupt")
    assert str(copy) in recovered.warnings[0]
    assert copy.read_bytes() == path.read_bytes()


def test_a_state_that_cannot_be_read_with_no_journal_is_refused(
    make_account_setup: Make, tmp_path: Path
) -> None:
    path = state_path(tmp_path, "main")
    path.parent.mkdir(parents=True)
    path.write_text("{}")

    with pytest.raises(UserError, match="expected an object of format") as refused:
        recover(tmp_path, "main", make_account_setup().session())

    assert f"move {account_folder(tmp_path, 'main')} away" in str(refused.value.hint)
    assert path.read_text() == "{}"


def test_the_journal_is_replayed_under_the_setup_of_then(
    lived: Lived,
    make_account_setup: Make,
    make_strategy_setup: Callable[..., StrategySetup],
    tmp_path: Path,
) -> None:
    """What the session is told now decides nothing of what was handled then."""
    _, life = die(lived, tmp_path, make_account_setup(), 40, None)
    larger = replace(make_strategy_setup(), sizing=SizingConfig(amount="b0.2"))
    session = make_account_setup(larger, config_hash="another").session()

    recovered = recover(tmp_path, "main", session)

    assert recovered.difference is None
    assert [(one.wire_id, one.qty) for one in session.live_orders()] == [
        (one.wire_id, one.qty) for one in life.session.live_orders()
    ]


def test_a_journal_without_its_setup_is_refused(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, _ = die(lived, tmp_path, setup, 5, None)
    setup_path(journal.path).unlink()

    with pytest.raises(UserError, match="expected the setup of the journal in"):
        recover(tmp_path, "main", setup.session())


def test_of_a_symbol_that_is_not_traded_any_more_the_books_stay(
    lived: Lived,
    make_account_setup: Make,
    make_strategy_setup: Callable[..., StrategySetup],
    tmp_path: Path,
) -> None:
    _, life = die(lived, tmp_path, make_account_setup(), 40, None)
    assert life.session.live_orders()
    session = make_account_setup(make_strategy_setup("ETHUSDT")).session()

    recovered = recover(tmp_path, "main", session)

    assert recovered.warnings == (
        "ETHUSDT was not traded before: it begins anew",
        "BTCUSDT is not traded any more: its orders are nobody's now",
    )
    assert session.live_orders() == []
    assert session.balance == Decimal(10_000)


def test_the_memory_of_another_account_is_refused_with_both_ways_out(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    die(lived, tmp_path, setup, 5, None)
    other = replace(setup, account_id="other").session()

    with pytest.raises(UserError, match="expected a snapshot of other, found main") as refused:
        recover(tmp_path, "main", other)

    assert "go back to the configuration" in str(refused.value.hint)
    assert f"move {account_folder(tmp_path, 'main')} away" in str(refused.value.hint)


@pytest.mark.parametrize("stopped", [False, True])
def test_an_exchange_whose_time_lies_before_what_was_handled_is_refused(
    lived: Lived, make_account_setup: Make, tmp_path: Path, stopped: bool
) -> None:
    """A simulator that was started anew: deadlines would wait for a time that is long in coming."""
    setup = make_account_setup()
    journal, life = die(lived, tmp_path, setup, 40, None)
    if stopped:
        save(tmp_path, "main", life.session.snapshot(), journal.next_seq, setup)
    recovered = recover(tmp_path, "main", setup.session())
    until = recovered.until
    assert until is not None

    refuse_the_past(recovered, tmp_path, "main", Instant(until - CLOCK_GRACE_US))
    with pytest.raises(UserError, match="its clock went back, or it is another exchange") as found:
        refuse_the_past(recovered, tmp_path, "main", Instant(until - CLOCK_GRACE_US - 1))

    assert f"move {account_folder(tmp_path, 'main')} away" in str(found.value.hint)


def test_nothing_saved_knows_of_no_time(make_account_setup: Make, tmp_path: Path) -> None:
    recovered = recover(tmp_path, "main", make_account_setup().session())

    refuse_the_past(recovered, tmp_path, "main", Instant(0))


def test_effects_that_this_code_does_not_give_are_told_and_the_rest_is_replayed(
    lived: Lived, make_account_setup: Make, tmp_path: Path
) -> None:
    setup = make_account_setup()
    journal, life = die(lived, tmp_path, setup, 40, None)
    text = journal.path.read_text()
    assert '"reason":"start"' in text
    journal.path.write_text(text.replace('"reason":"start"', '"reason":"because"', 1))
    session = setup.session()

    recovered = recover(tmp_path, "main", session)

    assert recovered.difference is not None
    assert "because" in str(recovered.difference.expected)
    assert text_of(session) == text_of(life.session)


def test_a_symbol_whose_tick_is_another_now_begins_anew(
    lived: Lived,
    make_account_setup: Make,
    make_strategy_setup: Callable[..., StrategySetup],
    tmp_path: Path,
) -> None:
    """ADR 0035: prices that were saved in the old tick mean nothing."""
    _, life = die(lived, tmp_path, make_account_setup(), 40, None)
    assert life.session.live_orders()
    before = make_strategy_setup()
    instrument = replace(before.instrument, tick_size=Decimal("0.5"))
    session = make_account_setup(replace(before, instrument=instrument)).session()

    recovered = recover(tmp_path, "main", session)

    assert recovered.warnings == (
        "BTCUSDT begins anew: tick 0.1 and step 0.01 are 0.5 and 0.01 now",
    )
    assert session.live_orders() == []
    assert session.balance == life.session.balance == Decimal(10_000)


def test_a_strategy_of_another_name_begins_anew_and_the_books_stay(
    lived: Lived,
    make_account_setup: Make,
    make_strategy_setup: Callable[..., StrategySetup],
    tmp_path: Path,
) -> None:
    """Identities are made of the name: what the old one left is an orphan, not the new one's."""
    _, life = die(lived, tmp_path, make_account_setup(), 40, None)
    assert life.session.live_orders()
    session = make_account_setup(make_strategy_setup(strat_id="other")).session()

    recovered = recover(tmp_path, "main", session)

    (warning,) = recovered.warnings
    assert "was traded by grid, and is by other now: it begins anew" in warning
    assert recovered.gone == ()
    assert session.live_orders() == []
    assert not session.strategies["BTCUSDT"].engine.levels
    assert session.balance == life.session.balance == Decimal(10_000)


def test_a_symbol_that_was_not_traded_before_joins_and_the_others_stay(
    lived: Lived,
    make_account_setup: Make,
    make_strategy_setup: Callable[..., StrategySetup],
    tmp_path: Path,
) -> None:
    _, life = die(lived, tmp_path, make_account_setup(), 40, None)
    both = make_account_setup(make_strategy_setup(), make_strategy_setup("ETHUSDT", "other"))
    session = both.session()

    recovered = recover(tmp_path, "main", session)
    kept = [order.wire_id for order in session.live_orders()]
    alive = [order.wire_id for order in life.session.live_orders()]
    life.go_on(session)
    for _ in range(40):
        life.step()

    assert recovered.warnings == ("ETHUSDT was not traded before: it begins anew",)
    assert kept == alive
    assert kept
    # The exchange was asked of both, and nothing is unknown any more.
    assert session.standing_modes() == []
