"""Code is broken in a copy, and the copy is what Python imports."""

import sys
import time
from pathlib import Path
from threading import Event

import pytest

from appkit.kernel import INTERPRETED_VARIABLE, KernelKind
from tools.mutation.tree_copy import Stopped, TreeCopy

COUNTER = Path("packages/gridcore/src/gridcore/session/counter.py")
SAY_WHERE = "import gridcore.session.counter as c; print(c.__file__, getattr(c, 'MARK', 'no mark'))"


def say_where(copy: TreeCopy) -> str:
    return copy.run([sys.executable, "-c", SAY_WHERE], 60, Event()).output.strip()


def test_a_command_in_the_copy_imports_the_copy_and_not_what_is_installed(copy: TreeCopy) -> None:
    assert copy.imported_from_elsewhere() == []
    assert say_where(copy) == f"{copy.root / COUNTER} no mark"


def test_no_compiled_kernel_hides_a_change(copy: TreeCopy) -> None:
    said = copy.run(["sh", "-c", f"echo ${INTERPRETED_VARIABLE}"], 60, Event()).output

    assert said == f"{KernelKind.INTERPRETED.value}\n"


def test_a_member_that_the_copy_would_not_import_from_itself_is_found(copy: TreeCopy) -> None:
    (copy.root / "apps/late/src/json").mkdir(parents=True)
    (copy.root / "apps/late/src/json/__init__.py").touch()
    (copy.root / "apps/later/src/json").mkdir(parents=True)
    (copy.root / "apps/later/src/json/__init__.py").touch()

    assert [fault.split(":")[0] for fault in copy.imported_from_elsewhere()] == ["json"]


def test_a_change_is_seen_at_once_and_taken_back_and_the_tree_never_has_it(
    tree: Path, copy: TreeCopy
) -> None:
    original = (tree / COUNTER).read_text(encoding="utf-8")
    say_where(copy)

    with copy.changed(COUNTER, original + 'MARK = "first"\n'):
        first = say_where(copy)
    with copy.changed(COUNTER, original + 'MARK = "other"\n'):
        second = say_where(copy)

    assert (first[-5:], second[-5:], say_where(copy)[-7:]) == ("first", "other", "no mark")
    assert (copy.root / COUNTER).read_text(encoding="utf-8") == original
    assert (tree / COUNTER).read_text(encoding="utf-8") == original


def test_a_change_is_taken_back_when_the_run_ends_in_an_error(copy: TreeCopy) -> None:
    original = (copy.root / COUNTER).read_bytes()

    with pytest.raises(Stopped), copy.changed(COUNTER, "x = 1\n"):
        raise Stopped

    assert (copy.root / COUNTER).read_bytes() == original


def test_what_git_ignores_is_not_copied(tree: Path, tmp_path: Path) -> None:
    (tree / "out").mkdir()
    (tree / "out/large").touch()

    TreeCopy(tree, tmp_path / "copy")

    assert not (tmp_path / "copy/out").exists()


def test_the_digest_changes_with_sources_and_tests_and_with_nothing_else(
    tree: Path, tmp_path: Path
) -> None:
    (tree / "README.md").write_text("words", encoding="utf-8")
    first = TreeCopy(tree, tmp_path / "first").kernel_digest()
    (tree / "README.md").write_text("other words", encoding="utf-8")
    same = TreeCopy(tree, tmp_path / "same").kernel_digest()
    (tree / "packages/gridcore/tests/session/test_gates.py").write_text("", encoding="utf-8")
    other = TreeCopy(tree, tmp_path / "other").kernel_digest()

    assert first == same != other


def test_exit_code_and_both_outputs_are_kept(copy: TreeCopy) -> None:
    finished = copy.run(["sh", "-c", "echo one; echo two >&2; exit 3"], 60, Event())

    assert (finished.exit_code, finished.output) == (3, "one\ntwo\n")


def test_a_command_over_its_limit_is_stopped_with_everything_it_started(copy: TreeCopy) -> None:
    began = time.monotonic()

    finished = copy.run(["sh", "-c", "echo began; sleep 600 & sleep 600"], 0.1, Event())

    assert finished.exit_code is None
    assert finished.output == "began\n"
    assert time.monotonic() - began < 60


def test_a_command_is_stopped_when_the_whole_run_is(copy: TreeCopy) -> None:
    stop = Event()
    stop.set()

    with pytest.raises(Stopped):
        copy.run(["sleep", "600"], 600, stop)


def test_hypothesis_keeps_no_memory_from_one_break_to_the_next(copy: TreeCopy) -> None:
    gates = Path("packages/gridcore/src/gridcore/session/gates.py")
    text = (copy.root / gates).read_text(encoding="utf-8").replace("% 2 == 1", "% 2 == 0")

    with copy.changed(gates, text):
        broken = copy.run([sys.executable, "-m", "pytest", "-q"], 120, Event())

    assert broken.exit_code == 1
    assert not (copy.root / ".hypothesis/examples").exists()
