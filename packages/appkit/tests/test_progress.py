import io

from appkit.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Steps:
    """A clock that moves by a fixed step at every look."""

    def __init__(self, step_s: float) -> None:
        self.now_s, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def test_short_work_outside_a_terminal_is_silent() -> None:
    out = io.StringIO()
    with progress_bar(100, "Running", "trades", stream=out, clock=Steps(0.01)) as progress:
        for _ in range(100):
            progress.advance()
    assert out.getvalue() == ""


def test_long_work_outside_a_terminal_tells_at_most_every_ten_seconds() -> None:
    out = io.StringIO()
    with progress_bar(4000, "Running", "trades", stream=out, clock=Steps(4.0)) as progress:
        for done in range(0, 4000, 1000):
            progress.update(done)
        progress.advance(1000)
    assert out.getvalue() == "Running: 50 % (2,000 of 4,000 trades)\n"


def test_work_of_unknown_length_tells_only_the_count() -> None:
    out = io.StringIO()
    with progress_bar(None, "Reading", "rows", stream=out, clock=Steps(11.0)) as progress:
        progress.advance(5)
    assert out.getvalue() == "Reading: (5 rows)\n"


def test_quiet_work_tells_nothing_even_on_a_terminal() -> None:
    out = Terminal()
    with progress_bar(10, "Running", "trades", quiet=True, stream=out) as progress:
        progress.advance(10)
    assert out.getvalue() == ""


def test_a_terminal_gets_a_bar_with_description_and_count() -> None:
    out = Terminal()
    with progress_bar(10, "Running [1]", "trades", stream=out) as progress:
        progress.update(10)
    assert "Running [1]" in out.getvalue()
    assert "10/10" in out.getvalue()


def test_the_clock_is_looked_at_only_once_per_thousandth_of_the_work() -> None:
    clock = Steps(0.0)
    looks = []

    def counted() -> float:
        looks.append(1)
        return clock()

    with progress_bar(1_000_000, "Running", "trades", stream=io.StringIO(), clock=counted) as bar:
        for _ in range(10_000):
            bar.advance()
    assert len(looks) <= 12
