"""Secrets of the whole daemon, looked for wherever it writes or answers, after it went wrong."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bench.gridbot.bot import TOKEN, TOKEN_NAME, until
from bench.gridbot.stage import ACCOUNT, QUIET
from bench.gridbot.trial import Trial, trial
from bench.gridbot.world import key_of, secret_of

KEY, SECRET = key_of(ACCOUNT), secret_of(ACCOUNT)
SECRETS = tuple(word.encode() for word in (KEY, SECRET, TOKEN))
CREATE = "/v5/order/create"
READ = ("", "health", "ready", "metrics", "api/settled", "api/state", "api/history")
PAGES_OF_ERRORS = ("api/command/halt", "api/command/nonsense", "api/../data")
COMMANDS = (
    ("check-config", "--json"),
    ("doctor",),
    ("preview",),
    ("run", "--debug"),
)
STREAM_BYTES = 20_000
PATIENCE_S = 60.0


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Trial]:
    """A daemon that logs all it can, into a file too; not started."""
    log = tmp_path / "bot" / "events.jsonl"
    lines = (f'logging: {{level: DEBUG, file: "{log}"}}', "symbol_check_s: 10")
    with trial(tmp_path / "bot", *lines) as one:
        yield one


def command(one: Trial, *arguments: str) -> bytes:
    """What another command of gridbot says about the same configuration."""
    environment = {**os.environ, **QUIET.secrets, TOKEN_NAME: TOKEN}
    environment["XDG_STATE_HOME"] = str(one.bot.folder / "own")
    name, *options = arguments
    done = subprocess.run(
        [sys.executable, "-m", "gridbot", name, f"--config={one.bot.file}", *options],
        capture_output=True,
        env=environment,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.stdout + done.stderr


def answers(url: str) -> bytes:
    """Every page, a part of the stream, and what is answered to who asks badly."""
    said = [requests.get(f"{url}/{page}", timeout=PATIENCE_S).content for page in READ]
    with requests.get(f"{url}/api/stream", stream=True, timeout=PATIENCE_S) as stream:
        said.append(next(stream.iter_content(STREAM_BYTES)))
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Origin": "http://elsewhere"}):
        for page in PAGES_OF_ERRORS:
            answer = requests.post(f"{url}/{page}", headers=header, timeout=PATIENCE_S)
            said.append(f"{answer.headers} {answer.text}".encode())
    body = {"account": "nobody"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(
        f"{url}/api/command/halt", json=body, headers=headers, timeout=PATIENCE_S
    )
    said.append(f"{answer.headers} {answer.text}".encode())
    return b"\n".join(said)


def told(said: bytes) -> list[str]:
    """The secrets that stand in something."""
    return [secret.decode() for secret in SECRETS if secret in said]


def go_wrong(one: Trial) -> None:
    """Refused orders, lost replies, spoilt frames, lost streams and a key that is not taken."""
    one.venue.fault("ret_code", target=CREATE, amount=10001, count=2)
    one.venue.fault("ret_code", target=CREATE, amount=10003, count=1)
    one.venue.fault("reply_lost", target=CREATE, amount=100, count=1)
    one.venue.fault("http_status", target=CREATE, amount=502, detail="down", count=1)
    for order in one.opens()[3:8]:
        one.cancel_by_hand(order)
    faults = [
        one.venue.fault("frame_mangled", target="*", chance=300),
        one.venue.fault("connection_reset", target="/v5/position/list", count=1),
        one.venue.fault("http_status", target="/v5/market/*", amount=502, detail="down", count=2),
    ]
    one.venue.fault("ret_code", target="/v5/user/query-api", amount=33004, count=1)
    one.venue.fault("auth_refused", target="private")
    one.venue.post("disconnect", kind="*")
    until(
        "faults that struck", lambda: [number for number in faults if not one.venue.acted(number)]
    )
    until("a halt", lambda: not one.latch("authentication") and "none")


def test_no_secret_stands_anywhere_after_refused_keys_lost_streams_and_crashes(
    watched: Trial,
) -> None:
    """A49: every file, page, command, stderr and answer to a bad request."""
    bot = watched.bot
    watched.venue.fault("ret_code", target="/v5/account/fee-rate", amount=10003, count=1)
    refused, _ = bot.launch().communicate(timeout=PATIENCE_S)
    watched.begin()
    url = re.findall(r"how it is: (http://[\w.:]+)", bot.said())[-1]

    healthy = answers(url)
    go_wrong(watched)
    wrong = answers(url)
    asked = {words: command(watched, *words) for words in (*COMMANDS, ("status", f"--url={url}"))}
    bot.kill()
    asked["killed",] = command(watched, "status", f"--url={url}")
    files = {
        str(file): file.read_bytes() for file in watched.bot.folder.rglob("*") if file.is_file()
    }

    assert "key" in refused
    assert told(refused.encode()) == []
    assert told(healthy + wrong) == []
    assert {name: told(said) for name, said in asked.items() if told(said)} == {}
    assert {name: told(held) for name, held in files.items() if told(held)} == {}
    assert any(name.endswith("events.jsonl") for name in files)
    assert all(asked.values())
