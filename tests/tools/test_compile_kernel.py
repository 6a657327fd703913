"""What is compiled, and what is left interpreted."""

from pathlib import Path

from appkit.kernel import source_folders
from tools.compile_kernel import forget_others, modules_to_compile


def test_decisions_are_compiled_and_messages_are_not() -> None:
    gridcore, simvenue = source_folders()

    kernel = {str(module) for module in modules_to_compile(gridcore)}
    venue = {str(module) for module in modules_to_compile(simvenue)}

    assert {"gridcore/follow.py", "gridcore/session/gates.py", "gridcore/pnl.py"} <= kernel
    assert "simvenue/venue.py" in venue
    assert not {"gridcore/events.py", "gridcore/message.py", "gridcore/session/effects.py"} & kernel
    assert not {"gridcore/persistence.py", "simvenue/messages.py"} & (kernel | venue)


def test_compiled_kernels_of_other_sources_are_removed(tmp_path: Path) -> None:
    keep, old = tmp_path / "new", tmp_path / "old"
    for folder in (keep, old):
        folder.mkdir()
        (folder / "complete").write_text("")

    forget_others(keep)

    assert [folder.name for folder in tmp_path.iterdir()] == ["new"]
