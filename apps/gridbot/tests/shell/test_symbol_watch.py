"""When the exchange is asked anew what it says of a symbol."""

from collections.abc import Callable
from decimal import Decimal

from gridbot.shell.symbol_watch import SymbolWatch
from gridbot.terms import TermsRefused
from gridcore.clock import SECOND_US, Instant
from gridcore.events import Event, PlaceRejected, SymbolReport, TimerFired
from gridcore.instrument import Instrument
from gridcore.session.effects import NO_EFFECTS

BITCOIN = Instrument(
    symbol="BTCUSDT",
    tick_size=Decimal("0.1"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(100),
    min_notional=Decimal(5),
)
REPORT = SymbolReport(
    symbol="BTCUSDT",
    at=Instant(0),
    instrument=BITCOIN,
    leverage=Decimal(10),
    hedge_mode=True,
    trading=True,
)
REFUSED = TermsRefused(text="no answer", remedy="wait", retryable=True)


class Asked:
    """What was asked, and what is answered."""

    def __init__(self, answer: SymbolReport | TermsRefused = REPORT) -> None:
        self.answer = answer
        self.symbols: list[str] = []
        self.answers: list[Event | None] = []
        self.watch = SymbolWatch(["BTCUSDT"], interval_s=600, read=self.read, ask=self.ask)

    def read(self, symbol: str) -> SymbolReport | TermsRefused:
        self.symbols.append(symbol)
        return self.answer

    def ask(self, question: Callable[[], Event | None]) -> None:
        self.answers.append(question())

    def see(self, event: Event, seconds: int) -> None:
        self.watch.observe("main", event, NO_EFFECTS, Instant(seconds * SECOND_US))

    def tick(self, seconds: int) -> None:
        self.see(TimerFired(at=Instant(seconds * SECOND_US)), seconds)


def refused(code: int) -> PlaceRejected:
    return PlaceRejected(symbol="BTCUSDT", at=Instant(0), wire_id="w", code=code, text="")


def test_it_is_asked_again_after_the_interval_and_not_before() -> None:
    asked = Asked()
    asked.see(REPORT, 0)
    asked.tick(599)
    before = list(asked.symbols)

    asked.tick(600)
    asked.see(REPORT, 601)
    asked.tick(1200)

    assert before == []
    assert asked.symbols == ["BTCUSDT"]
    assert asked.answers == [REPORT]


def test_nothing_is_asked_before_the_session_was_told_once() -> None:
    asked = Asked()

    asked.tick(10_000)

    assert asked.symbols == []


def test_a_refusal_that_hints_at_a_change_asks_at_once_and_others_do_not() -> None:
    """10001, 110074, 30228, 110017."""
    for code, times in ((10001, 1), (110074, 1), (30228, 1), (110017, 1), (110007, 0)):
        asked = Asked()
        asked.see(REPORT, 0)

        asked.see(refused(code), 5)

        assert len(asked.symbols) == times, code


def test_a_storm_of_refusals_asks_once_in_ten_seconds() -> None:
    asked = Asked()
    asked.see(REPORT, 0)
    for second in range(20, 41):
        asked.see(refused(110017), second)
        asked.see(REPORT, second)

    assert len(asked.symbols) == 3


def test_a_question_without_an_answer_is_put_again_half_a_minute_later() -> None:
    asked = Asked(REFUSED)
    asked.see(REPORT, 0)
    for second in (600, 629, 630):
        asked.tick(second)

    assert len(asked.symbols) == 2
    assert asked.answers == [None, None]
