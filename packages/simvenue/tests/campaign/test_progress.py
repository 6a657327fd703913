"""Progress on stderr: rewritten on a terminal, ten lines elsewhere."""

from io import StringIO

from simvenue.campaign.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_file_gets_one_line_for_every_tenth() -> None:
    out = StringIO()
    progress = Progress(100, out)
    for _ in range(100):
        progress.advance(1, 0)
    progress.close()
    lines = out.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0] == " 10 %  10 of 100 seeds, 0 failed"
    assert lines[-1] == "100 %  100 of 100 seeds, 0 failed"


def test_a_terminal_gets_one_line_that_is_rewritten() -> None:
    out = Terminal()
    progress = Progress(4, out)
    progress.advance(1, 0)
    progress.advance(3, 2)
    progress.close()
    assert out.getvalue() == ("\r 25 %  1 of 4 seeds, 0 failed\r100 %  4 of 4 seeds, 2 failed\n")


def test_nothing_done_writes_nothing() -> None:
    out = Terminal()
    Progress(4, out).close()
    assert out.getvalue() == ""
