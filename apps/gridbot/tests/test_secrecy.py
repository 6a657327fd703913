"""No secret in anything that is printed, logged or kept, in no spelling (A49).

The whole process is searched by tests/gridbot; here every command and every object that holds one.
"""

import asyncio
import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from appkit.exits import run_command
from bybit_adapter.credentials import Credentials
from gridbot.alarm import Alarm
from gridbot.cli import main
from gridbot.config.blocks import GuardPolicy
from gridbot.config.keys import credentials_of, database_of, guard_credentials_of
from gridbot.config.load import load_config
from gridbot.guard.signs import Signs
from gridbot.guard.sweep import Sweep
from gridbot.logs.scrubber import Scrubber
from gridbot.outlets import Outlets
from gridbot.surface.access import Access
from gridbot.surface.words import SurfaceSettings
from gridbot.telegram.bot import TelegramBot
from gridcore.clock import Instant

SECRETS = {
    "BOT_KEY": "kQ7/zKey+of=the-bot",
    "BOT_SECRET": "s3cr3t of the bot, with spaces & more",
    "GUARD_KEY": "guard-KEY-0815-0816",
    "GUARD_SECRET": 'guard"quoted"secret',
    "PAGE_TOKEN": "page-token-0123456789",
    "CHAT_TOKEN": "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
    "GRIDBOT_MASTER_KEY": "master-key-0123456789abcdef",
}
PASSWORD = "pass-word-of-the-database"
TEXT = """\
accounts:
  - {{name: main, api_key: "env:BOT_KEY", api_secret: "env:BOT_SECRET", environment: "{url}"}}
strategies:
  - {{strat_id: grid, account: main, symbol: BTCUSDT, amount: 200, grid_count: 6}}
data_folder: state
database_url: {database}
surface: {{port: 0, token: "env:PAGE_TOKEN"}}
notification:
  telegram: {{bot_token: "env:CHAT_TOKEN", chat_id: 4711, api_url: "http://127.0.0.1:9"}}
guard:
  keys: {{main: {{api_key: "env:GUARD_KEY", api_secret: "env:GUARD_SECRET"}}}}
"""
COMMANDS = (
    ("check-config",),
    ("check-config", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("preview",),
    ("status",),
    ("guard", "--json", "--debug"),
)
SHORTEST = 8
"""Letters of a base64 text between two others, of which the first and the last are shared."""


def spellings(secret: str) -> Iterator[bytes]:
    """A secret as it may stand in other texts."""
    raw = secret.encode()
    yield from (raw, repr(secret)[1:-1].encode(), raw.hex().encode(), raw.hex().upper().encode())
    yield from (quote(secret, safe="").encode(), quote_plus(secret).encode())
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            within = encode(b"\0" * before + raw)[4 if before else 0 : -4]
            assert len(within) >= SHORTEST
            yield within


def told(said: bytes) -> list[str]:
    """The names of the secrets that stand in something."""
    secrets = SECRETS | {"password": PASSWORD}
    return [
        name for name, secret in secrets.items() if any(one in said for one in spellings(secret))
    ]


@pytest.fixture
def url(canned: Callable[..., str]) -> str:
    """An exchange that answers, and whose keys may not trade."""
    return canned({"/v5/user/query-api": lambda found: found.update(readOnly=1)})


@pytest.fixture
def written(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a configuration on a database; the secrets are in the environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))

    def write(database: str) -> Path:
        file = tmp_path / "gridbot.yaml"
        file.write_text(TEXT.format(url=url, database=database), encoding="utf-8")
        return file

    return write


def kept(folder: Path) -> bytes:
    """All that lies in a folder but the configuration, which names the database's password."""
    files = (one for one in folder.rglob("*") if one.is_file() and one.name != "gridbot.yaml")
    return b"\n".join(one.read_bytes() for one in files)


def test_every_spelling_is_found_so_that_the_search_can_fail() -> None:
    for name, secret in SECRETS.items():
        for text in (secret, base64.b64encode(f"x{secret}".encode()).decode(), quote_plus(secret)):
            assert name in told(text.encode())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_tells_a_secret(
    words: tuple[str, ...],
    written: Callable[[str], Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The database refuses the connection, the key may not trade, and the chat is away."""
    file = written(f"postgresql://bot:{PASSWORD}@127.0.0.1:9/grid")
    name, *options = words

    run_command(main, [name, "--config", str(file), *options])

    out, err = capfd.readouterr()
    assert told(f"{out}{err}".encode()) == []
    assert out + err
    assert told(kept(tmp_path)) == []


def test_a_run_that_fails_tells_no_secret_in_log_file_console_or_traceback(
    written: Callable[[str], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The database has no tables."""
    file = written(f"sqlite:///{tmp_path}/empty.db")
    log = tmp_path / "bot.log"

    code = run_command(
        main, ["run", "--config", str(file), "--debug", "--log-file", str(log), "--json"]
    )

    out, err = capfd.readouterr()
    assert code == 1
    assert log.read_bytes()
    assert told(f"{out}{err}".encode()) == []
    assert told(kept(tmp_path)) == []


def test_no_object_shows_the_secret_that_it_holds(
    written: Callable[[str], Path], client: Callable[..., Any], url: str, tmp_path: Path
) -> None:
    file = written(f"postgresql://bot:{PASSWORD}@127.0.0.1:9/grid")
    config = load_config(file, SECRETS)
    guard, telegram = config.guard, config.notification.telegram
    assert guard is not None
    assert telegram is not None
    scrubber = Scrubber()
    scrubber.register(*SECRETS.values())
    rest = client(url, key=SECRETS["BOT_KEY"], secret=SECRETS["BOT_SECRET"])
    strategies = config.strategies_of(config.accounts[0])

    async def shown() -> list[str]:
        bot = TelegramBot(telegram, SECRETS["CHAT_TOKEN"], str, lambda: Instant(0))
        held: list[object] = [
            config,
            config.model_dump(),
            config.model_dump_json(),
            scrubber,
            database_of(config),
            credentials_of(config, config.accounts[0], SECRETS),
            guard_credentials_of(config, "main", guard.keys["main"], SECRETS),
            Credentials(key=SECRETS["BOT_KEY"], secret=SECRETS["BOT_SECRET"]),
            rest,
            bot,
            Access("127.0.0.1", SECRETS["PAGE_TOKEN"]),
            SurfaceSettings(host="127.0.0.1", port=0, token=SECRETS["PAGE_TOKEN"]),
            Signs(tmp_path, lambda _: None, SECRETS["PAGE_TOKEN"], ["main"]),
            Sweep("main", rest, strategies, GuardPolicy.CANCEL_ALL, measures_clock=False),
            Outlets(config, SECRETS, scrubber, {}),
            Alarm("guard", config, SECRETS, scrubber),
        ]
        return [text for one in held for text in (repr(one), str(one), f"{one}")]

    assert [text for text in asyncio.run(shown()) if told(text.encode())] == []
