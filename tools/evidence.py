"""Runs the commands that prove the claims and keeps what they said, per piece and commit.

A piece that is done for the current state of the code is not run again, so an interrupted
collection goes on where it stopped.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 600
RECORDED_MARKETS = "tests/integration/test_recorded_markets.py"
UNCOMMITTED = "uncommitted changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One claim's evidence: what it shows, and the command that shows it.

    `needs` is the file, relative to the root, without which there is nothing to run. `rests_on`
    are the folders whose code it is about: a change elsewhere leaves it as it is.
    """

    name: str
    shows: str
    command: tuple[str, ...]
    needs: str
    rests_on: tuple[str, ...] = (".",)


KERNEL = "packages/gridcore/src"
VENUE = "packages/simvenue/src"
NOT_PLAYED = ":!packages/simvenue/src/simvenue/amending.py"
"""What only bybit_sim uses."""
SESSION_TESTS = ("packages/gridcore/tests", "tests/simulation", "tools/mutation")
BACKTEST = (KERNEL, VENUE, "packages/tapes/src", "packages/appkit/src", "apps/backtest/src")
NORMALIZER = "packages/bybit_adapter/src/bybit_adapter/normalizer"
WIRE = (KERNEL, VENUE, "packages/bybit_adapter/src", "apps/bybit_sim/src", "bench/wire")
RECORDER = (*WIRE, "shared/db/src", "apps/event_saver/src", "bench/recorder")
RECORDER_LOAD = (*RECORDER, "bench/recorder_load")
COMPARATOR = "apps/comparator/src"

GRIDBOT = (
    *(KERNEL, VENUE, "packages/bybit_adapter/src", "packages/appkit/src", "shared/db/src"),
    *("apps/bybit_sim/src", "apps/gridbot/src", "bench/gridbot", "bench/wire"),
)

CAMPAIGN_SEEDS = 2_500
CAMPAIGN_PIECES = 8
CAMPAIGN = "packages/simvenue/src/simvenue/campaign/__main__.py"
GUARD_TEST = "tests/integration/test_gridbot_guard.py"
GRIDBOT_BENCH = "bench/gridbot/__main__.py"
MUTATION = "tools/mutation/__main__.py"


def campaign_pieces() -> tuple[Piece, ...]:
    """20,000 seeds in pieces, and what they add up to; a branch reached too rarely is a failure."""
    command = (".venv/bin/python", "-m", "simvenue.campaign")
    tallies = [f"out/campaign/{number}.json" for number in range(1, CAMPAIGN_PIECES + 1)]
    pieces = [
        Piece(
            name=f"campaign-{number}",
            shows=f"{CAMPAIGN_SEEDS:,} seeds with every fault: part {number} of {CAMPAIGN_PIECES}.",
            command=(
                *command,
                *("--seed", str(1 + (number - 1) * CAMPAIGN_SEEDS)),
                *("--count", str(CAMPAIGN_SEEDS), "--workers", "2", "--out", tally),
            ),
            needs=CAMPAIGN,
            rests_on=(KERNEL, VENUE, NOT_PLAYED),
        )
        for number, tally in enumerate(tallies, 1)
    ]
    whole = Piece(
        name="campaign",
        shows="All seeds together: every row of the order table, every denial, 100 times.",
        command=(*command, "--merge", *tallies, "--require", "100"),
        needs=CAMPAIGN,
        rests_on=(KERNEL, VENUE, NOT_PLAYED),
    )
    return (*pieces, whole)


CHAOS_SEEDS = 200
CHAOS_PIECES = 10
CHAOS_LIMIT_S = 480
"""No run is begun later: one takes 90 s at most."""


def _stories(name: str, shows: str, *files: str, rests_on: tuple[str, ...]) -> Piece:
    """Tests that last too long for every commit."""
    pytest = (".venv/bin/python", "-m", "pytest", "-n", "2", "--dist", "worksteal", "-q", "-rA")
    command = (*pytest, "-p", "no:cacheprovider", "--no-header", *files)
    return Piece(
        name=name, shows=shows, command=command, needs=files[0], rests_on=(*rests_on, *files)
    )


def chaos_pieces() -> tuple[Piece, ...]:
    """200 runs of whole processes in pieces that go on where they were stopped, and their sum."""
    command = (".venv/bin/python", "-m", "bench.gridbot", "chaos")
    each = CHAOS_SEEDS // CHAOS_PIECES
    pieces = [
        Piece(
            name=f"gridbot-chaos-{number}",
            shows=f"{each} whole-process runs of chaos: part {number} of {CHAOS_PIECES}.",
            command=(
                *(*command, "--first", str(1 + (number - 1) * each), "--count", str(each)),
                *("--limit-s", str(CHAOS_LIMIT_S)),
            ),
            needs=GRIDBOT_BENCH,
            rests_on=GRIDBOT,
        )
        for number in range(1, CHAOS_PIECES + 1)
    ]
    whole = Piece(
        name="gridbot-chaos",
        shows=(
            f"{CHAOS_SEEDS} whole-process runs at ten times speed with faults of the wire and "
            "kill -9, under the laws of the fault campaign: none broken, and the grid stands again "
            "within 60 s of calm."
        ),
        command=(*command, "--count", str(CHAOS_SEEDS), "--limit-s", str(CHAOS_LIMIT_S)),
        needs=GRIDBOT_BENCH,
        rests_on=GRIDBOT,
    )
    return (*pieces, whole)


PIECES = (
    Piece(
        name="recorded-behaviour",
        shows="The kernel decides as the earlier bots did, or deviates by a named rule.",
        command=(".venv/bin/python", "-m", "bbu_reference", "check"),
        needs="bbu_reference/__main__.py",
        rests_on=(KERNEL, "packages/bybit_adapter/src", COMPARATOR, "bbu_reference"),
    ),
    Piece(
        name="recorded-markets",
        shows="Recorded trades run, and skipping quiet tickers changes no byte of the result.",
        command=(".venv/bin/python", "-m", "pytest", "-rA", RECORDED_MARKETS),
        needs=RECORDED_MARKETS,
        rests_on=(*BACKTEST, RECORDED_MARKETS),
    ),
    *campaign_pieces(),
    Piece(
        name="mutation-breaks",
        shows="Every deliberate break, at least one per module and gate, is noticed by a test.",
        command=(".venv/bin/python", "-m", "tools.mutation", "--limit-s", "560"),
        needs=MUTATION,
        rests_on=(KERNEL, *SESSION_TESTS),
    ),
    Piece(
        name="mutation-drawn",
        shows="Of 50 mutants of the session drawn by seed, at least 90 % are noticed.",
        command=(
            *(".venv/bin/python", "-m", "tools.mutation", "--drawn", "50", "--seed", "1"),
            *("--limit-s", "560"),
        ),
        needs=MUTATION,
        rests_on=(KERNEL, *SESSION_TESTS),
    ),
    Piece(
        name="wire-load",
        shows="2,000 public and 200 private frames a second for 60 s through ws_client: no loss.",
        command=(".venv/bin/python", "-m", "bench.wire", "load"),
        needs="bench/wire/__main__.py",
        rests_on=WIRE,
    ),
    Piece(
        name="wire-speed",
        shows="bybit_sim at `--speed max` delivers at least 50,000 trades a second to a client.",
        command=(".venv/bin/python", "-m", "bench.wire", "speed"),
        needs="bench/wire/__main__.py",
        rests_on=WIRE,
    ),
    Piece(
        name="wire-survival",
        shows="Each of pybit's ways to die kills plain pybit; ws_client recovers, and how fast.",
        command=(".venv/bin/python", "-m", "bench.wire", "survival"),
        needs="bench/wire/__main__.py",
        rests_on=WIRE,
    ),
    Piece(
        name="wire-quiet",
        shows="1,100 real pings on a private stream that says nothing: no reconnect.",
        command=(".venv/bin/python", "-m", "bench.wire", "quiet"),
        needs="bench/wire/__main__.py",
        rests_on=WIRE,
    ),
    Piece(
        name="database",
        shows="Bulk writes and reads beside a naive ORM, on SQLite and PostgreSQL; bytes a trade.",
        command=(".venv/bin/python", "-m", "bench.database"),
        needs="bench/database/__main__.py",
        rests_on=("shared/db/src", "bench/database"),
    ),
    Piece(
        name="recorder-calm",
        shows="200,000 trades and a trading client: the database equals the simulator's account.",
        command=(".venv/bin/python", "-m", "bench.recorder", "--calm", "--speed", "60"),
        needs="bench/recorder/__main__.py",
        rests_on=RECORDER,
    ),
    Piece(
        name="recorder",
        shows=(
            "200,000 trades with 30 outages, a database locked for two minutes, 5 poison rows and "
            "two kill -9: every row is kept, or a public trade of a gap or dead letter on record."
        ),
        command=(".venv/bin/python", "-m", "bench.recorder"),
        needs="bench/recorder/__main__.py",
        rests_on=RECORDER,
    ),
    Piece(
        name="recorder-load-begun",
        shows="A run of event-saver at 1,000 trades a second is begun in the background, watched.",
        command=(".venv/bin/python", "-m", "bench.recorder_load", "begin"),
        needs="bench/recorder_load/__main__.py",
        rests_on=RECORDER_LOAD,
    ),
    Piece(
        name="recorder-load",
        shows="1,000 trades/s for ten minutes: none lost, how late, memory that does not grow.",
        command=(".venv/bin/python", "-m", "bench.recorder_load", "finish"),
        needs="bench/recorder_load/__main__.py",
        rests_on=RECORDER_LOAD,
    ),
    Piece(
        name="gridbot-hour",
        shows=(
            "An hour of trading, two accounts and three strategies: books, ledger and wallet equal "
            "the simulator's to the cent, every law holds, every journal replays."
        ),
        command=(".venv/bin/python", "-m", "bench.gridbot", "hour"),
        needs=GRIDBOT_BENCH,
        rests_on=GRIDBOT,
    ),
    *chaos_pieces(),
    _stories(
        "gridbot-stories",
        "The scenarios A01 to A50 that are told over whole processes, pybit between them.",
        "tests/gridbot",
        rests_on=GRIDBOT,
    ),
    _stories(
        "guides",
        "The commands of the guides that can be typed here, typed: whole scripts and scenes.",
        "tests/integration/test_guide_scripts.py",
        "tests/integration/test_guide_commands.py",
        rests_on=("apps", "packages", "shared", "docs/guides", "README.md"),
    ),
    Piece(
        name="gridbot-guard",
        shows="How long orders rest untended after SIGSTOP and kill -9 of the daemon.",
        command=(".venv/bin/python", "-m", "pytest", "-q", "-s", GUARD_TEST),
        needs=GUARD_TEST,
        rests_on=(
            *WIRE,
            *("apps/gridbot/src/gridbot/guard", "apps/gridbot/src/gridbot/commands/guard.py"),
            GUARD_TEST,
        ),
    ),
    Piece(
        name="gridbot-speed",
        shows=(
            "From ticker frame to order request: p99 below 20 ms at 100 tickers/s; nothing holds "
            "the loop up for 50 ms; what 1,000 tickers cost."
        ),
        command=(".venv/bin/python", "-m", "bench.gridbot", "speed"),
        needs=GRIDBOT_BENCH,
        rests_on=GRIDBOT,
    ),
    Piece(
        name="gridbot-day",
        shows="Over a day of the market the daemon's memory grows by less than 5 %.",
        command=(".venv/bin/python", "-m", "bench.gridbot", "day"),
        needs=GRIDBOT_BENCH,
        rests_on=GRIDBOT,
    ),
    Piece(
        name="comparator-speed",
        shows="1,000,000 live fills against 1,000,000: tables, alignment, figures; time, memory.",
        command=(".venv/bin/python", "-m", "bench.comparator"),
        needs="bench/comparator/__main__.py",
        rests_on=(KERNEL, COMPARATOR, "bench/comparator"),
    ),
    Piece(
        name="bench",
        shows="Speed and memory of the backtest on this kind of machine.",
        command=(".venv/bin/python", "bench/run.py"),
        needs="bench/run.py",
        rests_on=(*BACKTEST, NORMALIZER, "bench"),
    ),
)


def code_state(root: Path, rests_on: Sequence[str]) -> str:
    """Names the last commit that touched code in these folders, or says that there are changes."""

    def git(*arguments: str) -> str:
        run = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
        return run.stdout.decode().strip()

    code = ("--", *rests_on, ":!docs", ":!*.md")
    if git("status", "--porcelain", *code):
        return UNCOMMITTED
    return git("log", "-1", "--format=%H", *code)


def is_done(report: Path, state: str) -> bool:
    """Tells whether the report holds a finished run of this very state of the code."""
    if state == UNCOMMITTED or not report.exists():
        return False
    lines = report.read_text(encoding="utf-8").splitlines()
    return f"- commit: {state}" in lines and "- exit code: 0" in lines


def without_places(text: str, root: Path) -> str:
    """Takes the machine's own folders out of the text, so that it reads the same everywhere."""
    return text.replace(str(root), ".").replace(str(Path.home()), "~")


def render(piece: Piece, state: str, now: datetime, exit_code: str, output: str) -> str:
    """Writes one report: what it shows, how to get it again, what it said."""
    return (
        f"# {piece.name}\n\n{piece.shows}\n\n"
        f"- command: `{' '.join(piece.command)}`\n"
        f"- commit: {state}\n"
        f"- date: {now:%Y-%m-%d %H:%M} UTC\n"
        f"- exit code: {exit_code}\n\n"
        f"```text\n{output.strip()}\n```\n"
    )


def collect(piece: Piece, root: Path, state: str, limit_s: float = LIMIT_S) -> bool:
    """Runs one piece and writes its report; False when it failed or took too long."""
    with subprocess.Popen(
        piece.command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as run:
        try:
            output, _ = run.communicate(timeout=limit_s)
            exit_code = str(run.returncode)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # what the command started goes with it
            output, _ = run.communicate()
            exit_code = f"none, stopped after {limit_s:.0f} s"
    text = without_places(output.decode("utf-8", errors="replace"), root)
    report = root / "docs" / "evidence" / f"{piece.name}.md"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(render(piece, state, datetime.now(tz=UTC), exit_code, text), encoding="utf-8")
    return exit_code == "0"


def collect_all(pieces: Sequence[Piece], root: Path, limit_s: float = LIMIT_S) -> int:
    """Runs every piece that is not done; 0 when all are, 2 when one failed."""
    failed = []
    for piece in pieces:
        state = code_state(root, piece.rests_on)
        if not (root / piece.needs).exists():
            print(f"{piece.name}: skipped, {piece.needs} is not there")
        elif is_done(root / "docs" / "evidence" / f"{piece.name}.md", state):
            print(f"{piece.name}: done before")
        else:
            print(f"{piece.name}: running", flush=True)
            if not collect(piece, root, state, limit_s):
                failed.append(piece.name)
                print(f"{piece.name}: FAILED, see docs/evidence/{piece.name}.md")
    return 2 if failed else 0


def entry(arguments: Sequence[str], pieces: Sequence[Piece] = PIECES, root: Path = ROOT) -> int:
    """Runs the named pieces, or all; 0 done, 1 unknown name, 2 a piece failed."""
    parser = argparse.ArgumentParser(prog="tools.evidence", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pieces")
    wanted = parser.parse_args(arguments).names
    known = {piece.name: piece for piece in pieces}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"expected one of {', '.join(known)}, found {', '.join(unknown)}", file=sys.stderr)
        return 1
    return collect_all([known[name] for name in wanted] or pieces, root)


if __name__ == "__main__":
    sys.exit(entry(sys.argv[1:]))
