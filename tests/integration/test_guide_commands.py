"""Every command of README and guides is typed by a test, or listed here with the reason why not."""

import gzip
import re
import shlex
import shutil
import subprocess
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import backtest.main
import comparator.cli
import event_saver.cli
import gridbot.cli
from tools import guides

if TYPE_CHECKING:
    from tests.integration.conftest import TypeHere

ROOT = Path(__file__).resolve().parents[2]

TYPED_WHOLE = {
    "database.md": "tests/integration/test_guide_database.py",
    "event-saver.md": "tests/integration/test_guide_event_saver.py",
    "going-live.md": "tests/integration/test_guide_scripts.py",
    "operating.md": "tests/integration/test_guide_scripts.py",
    "validating.md": "tests/integration/test_guide_scripts.py",
}
"""Guides whose `sh` blocks are typed from the first line to the last, and by which test."""

OF_FILES = (
    "backtest tape import trades.csv.gz",
    "backtest tape import BTCUSDT2026-01-05.csv.gz --out tapes/BTCUSDT",
    "backtest tape synth --days 1 --out tapes/BTCUSDT --replace",
    "backtest tape info tapes/BTCUSDT",
    "backtest preview --config my.yaml --price 60000",
    "backtest preview --config conf/backtest.yaml --price 100000",
    "backtest run --config my.yaml",
    "backtest run --config conf/backtest.yaml --export results/first",
    "backtest demo",
    "backtest --help",
)
"""A market as a file, and runs over it."""

BY_HAND = (
    "bybit-sim serve",
    *(
        one.text
        for one in guides.all_commands(ROOT)
        if one.text.startswith("curl ") and one.block.guide == "bybit-sim.md"
    ),
)
"""A simulator that is asked by hand."""

TRADING = (
    "bybit-sim serve",
    "export BYBIT_API_KEY=demo-key-1 BYBIT_API_SECRET=demo-secret-1",
    "export GRIDBOT_DATABASE_URL=sqlite:///gridbot.db",
    "grid-db upgrade",
    "gridbot init --defaults --output my.yaml --environment http://127.0.0.1:18080",
    "gridbot doctor --config my.yaml",
    "gridbot preview --config my.yaml",
    "gridbot run --config my.yaml --shadow",
    "gridbot run --config my.yaml",
    "grid-db backup backup.db",
    "grid-db prune --before 2026-01-01 --dry-run",
    "grid-db prune --before 2026-01-01",
)
"""The daemon at a simulator, and the database beside it."""

READY = {
    "bybit-sim serve": "curl -sf http://127.0.0.1:18080/sim/state > state.json",
    "gridbot run": "gridbot status --config my.yaml",
}
"""How to see that a program that stays is there."""

ELSEWHERE = {
    "backtest tape from-db BTCUSDT": "tests/integration/test_tape_from_database.py",
    "backtest instruments import": "apps/backtest/tests/commands/test_instruments.py",
    "backtest instruments show": "apps/backtest/tests/commands/test_instruments.py",
    "bybit-sim serve --speed lockstep": "tests/integration/test_guide_bybit_sim.py",
    "python follow.py": "tests/integration/test_guide_bybit_sim.py",
    "python -m simvenue.campaign": "packages/simvenue/tests/campaign/test_command.py",
    "python -m bench.wire": "tests/bench/wire/test_command.py",
    "python -m bench.gridbot": "tests/bench/gridbot/test_command.py",
    "python bench/run.py": "tests/bench/test_command.py",
}
"""Beginnings of commands that another file of tests runs with arguments of its own."""

_JOB = "a job of make, which plays for minutes or builds this very environment; .ci/run runs it"
_MEASURED = "measures for minutes; make bench and make evidence run it"
_REAL = "an account at the real exchange"
_SYSTEM = "changes the services of a machine"
_SAME = "the same command with another file or database is typed in the guide's own script"
NOT_TYPED = {
    "make demo": _JOB,
    "make test": _JOB,
    "make sim SEED=1 N=200": _JOB,
    "make chaos SEED=1 N=5": _JOB,
    "make contract": "a part of make test",
    "make bench": _MEASURED,
    "backtest instruments fetch BTCUSDT ETHUSDT --cache conf/instruments.json": _REAL,
    "export BYBIT_TESTNET_KEY=... BYBIT_TESTNET_SECRET=...": _REAL,
    "python -m pytest tests/contract --live-testnet": _REAL,
    "grid-db new-master-key master.key": _SAME,
    "grid-db store-keys main --environment demo": "asks at a terminal; " + _SAME,
    "gridbot init --output bot.yaml --environment demo "
    "--api-key db:main --api-secret db:main": _REAL,
    "gridbot doctor --config bot.yaml": _REAL,
    "gridbot preview --config bot.yaml": _REAL,
    "gridbot run --config bot.yaml": _REAL,
    "gridbot guard --config bot.yaml": _REAL,
    "gridbot check-config --config live.yaml": _REAL,
    "gridbot doctor --config live.yaml": _REAL,
    "gridbot preview --config live.yaml": _REAL,
    "gridbot run --config live.yaml --shadow": _REAL,
    "gridbot run --config live.yaml": _REAL,
    "gridbot guard --config live.yaml": _REAL,
    "event-saver run --config recorder.yaml": _REAL,
    "event-saver run --config my.yaml": "typed in event-saver.md's own script",
    "systemctl enable --now event-saver gridbot gridbot-guard": _SYSTEM,
    "systemctl status gridbot": _SYSTEM,
    "journalctl -u gridbot --since today": _SYSTEM,
    "systemctl restart gridbot": _SYSTEM,
    "comparator run --database-url recorded.db --output out/today": _SAME,
    "comparator run --database-url sqlite:///recorded.db --output out/today": _SAME,
    "comparator run --database-url sqlite:///recorded.db --fill-model queue --latency-ms 80 "
    "--every-model --output out/today": _SAME,
    "comparator run --database-url sqlite:///recorded.db "
    "--backtest-trades results/first/trades.csv --start 2026-01-05 --end 2026-01-06": _SAME,
    "comparator watch --database-url sqlite:///recorded.db --last 4h --interval 5m "
    "--tapes out/tapes": _SAME,
    "comparator twin data/accounts/main/journal": _SAME,
}
"""Commands that no test types, each with the reason."""

SCENES = (OF_FILES, BY_HAND, TRADING)
PARSERS: dict[str, Callable[[], ArgumentParser]] = {
    "backtest": backtest.main.build_parser,
    "comparator": comparator.cli.build_parser,
    "event-saver": event_saver.cli.build_parser,
    "gridbot": gridbot.cli.build_parser,
}


def alone() -> list[guides.Command]:
    """Commands of the blocks that are not typed whole."""
    return [one for one in guides.all_commands(ROOT) if one.block.language != guides.SCRIPT]


def is_typed(text: str) -> bool:
    return any(text in scene for scene in SCENES) or any(text.startswith(one) for one in ELSEWHERE)


def test_every_command_of_every_guide_is_typed_or_listed_with_its_reason() -> None:
    forgotten = [
        f"{one.place}: {one.text}"
        for one in alone()
        if not is_typed(one.text) and one.text not in NOT_TYPED
    ]

    assert forgotten == []


def test_every_script_of_a_guide_is_typed_whole() -> None:
    scripted = {
        path.name
        for path in guides.guide_files(ROOT)
        for block in guides.blocks(path)
        if block.language == guides.SCRIPT
    }

    assert scripted == set(TYPED_WHOLE)
    for guide, test in TYPED_WHOLE.items():
        assert guide in (ROOT / test).read_text("utf-8")


def test_nothing_is_listed_that_no_guide_has_and_nothing_twice() -> None:
    found = {one.text for one in alone()}
    listed = {text for scene in SCENES for text in scene} | set(NOT_TYPED)

    assert sorted(listed - found) == []
    assert [one for one in ELSEWHERE if not any(text.startswith(one) for text in found)] == []
    assert [text for text in NOT_TYPED if is_typed(text)] == []


def test_what_another_test_runs_names_a_file_that_exists() -> None:
    assert [test for test in ELSEWHERE.values() if not (ROOT / test).is_file()] == []


def test_every_job_of_make_that_a_guide_names_exists() -> None:
    jobs = sorted({one.text for one in alone() if one.text.startswith("make ")})

    for job in jobs:
        run = subprocess.run(
            [*job.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr


def test_every_test_that_a_guide_names_exists() -> None:
    named = [
        (path.name, *match.groups())
        for path in guides.guide_files(ROOT)
        for match in re.finditer(r"`([\w/]+\.py)::(\w+)`", path.read_text("utf-8"))
    ]

    missing = [one for one in named if f"def {one[2]}(" not in (ROOT / one[1]).read_text("utf-8")]
    assert named
    assert missing == []


def test_every_picture_and_page_that_a_guide_leads_to_exists() -> None:
    missing = [
        (path.name, target)
        for path in guides.guide_files(ROOT)
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("text", [one for one in NOT_TYPED if one.split()[0] in PARSERS])
def test_a_command_that_is_not_typed_is_one_that_its_program_takes(text: str) -> None:
    program, *words = shlex.split(text)

    assert PARSERS[program]().parse_args(words).handler is not None


def script(scene: tuple[str, ...]) -> str:
    """The commands one after the other; a program that stays is ended before the next like it."""
    lines: list[str] = []
    for command in scene:
        ready = next((probe for begin, probe in READY.items() if command.startswith(begin)), None)
        if ready is None:
            lines.append(command)
            continue
        if command.startswith("gridbot run"):
            lines.append('if [ "$bot" ]; then kill -TERM $bot; wait $bot; fi')
        lines.append(f"{command} --quiet &")
        lines.append("bot=$!" if command.startswith("gridbot run") else "exchange=$!")
        lines.append(f"until {ready}; do sleep 1; done")
    return "\n".join([*lines, "for one in $bot $exchange; do kill -TERM $one; wait $one; done", ""])


@pytest.mark.story
def test_a_market_in_a_file_is_imported_previewed_and_run(
    type_here: "TypeHere", tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    example = (ROOT / "conf" / "backtest.example.yaml").read_text("utf-8")
    (tmp_path / "conf" / "backtest.yaml").write_text(example, "utf-8")
    (tmp_path / "my.yaml").write_text(example.replace("../tapes", "tapes"), "utf-8")
    rows = ["timestamp,symbol,side,size,price,tickDirection,trdMatchID"]
    rows += [
        f"{1767571200 + n}.5,BTCUSDT,{'Buy' if n % 2 else 'Sell'},0.001,{60000 + n % 7}.5,X,id-{n}"
        for n in range(200)
    ]
    for name in ("trades.csv.gz", "BTCUSDT2026-01-05.csv.gz"):
        (tmp_path / name).write_bytes(gzip.compress("\n".join(rows).encode() + b"\n"))
    # The first import makes tapes/BTCUSDT by default; each of the others begins without it.
    lines = [f"rm -rf tapes\n{one}" if "import" in one else one for one in OF_FILES]

    run = type_here("\n".join(lines))

    assert run.returncode == 0, run.stderr
    assert (tmp_path / "results" / "first" / "report.html").is_file()


@pytest.mark.story
def test_a_simulator_is_asked_by_hand(type_here: "TypeHere", tmp_path: Path) -> None:
    run = type_here(script(BY_HAND).replace("curl -s ", "curl -s --fail-with-body "))

    assert run.returncode == 0, run.stderr
    assert (tmp_path / "plan.json").stat().st_size > 0


@pytest.mark.story
def test_a_daemon_trades_at_a_simulator_as_a_shadow_and_in_earnest(type_here: "TypeHere") -> None:
    run = type_here(script(TRADING))

    assert run.returncode == 0, run.stderr
    assert "shadow: trading" in run.stdout
