"""Reads the configuration file and settles its paths; it tells what became of older bots' keys."""

from collections.abc import Mapping
from pathlib import Path

from appkit.configuration import find, load, resolve_beside
from appkit.exits import UserError
from appkit.secret_references import reference_beside
from appkit.strategy_keys import STRATEGY_MIGRATIONS
from bybit_adapter.endpoints import EndpointRefused, endpoint
from gridbot.config.blocks import GuardBlock, NotificationBlock, TelegramBlock
from gridbot.config.model import AccountConfig, GridbotConfig

PROGRAM = "gridbot"

MIGRATIONS: Mapping[str, str] = {
    "testnet": "renamed: write `environment: testnet`, or mainnet, demo, or a simulator's URL",
    "position_check_interval": "renamed: write audit_positions_s under `safety`",
    "order_sync_interval": "renamed: write audit_orders_s under `safety`; it cannot be 0",
    "wallet_cache_interval": "renamed: write audit_wallet_s under `safety`",
    "wallet_ws_*": (
        "the wallet's stream is always read, and its age is judged by audit_wallet_s under "
        "`safety`; remove this key"
    ),
    "auth_cooldown_minutes": (
        "a refused key halts the account and is probed by one request after 30 minutes; remove "
        "this key"
    ),
    "status_file_*": (
        "the state is served at /health and /api/state under `surface`, and shown by `gridbot "
        "status`; remove this key"
    ),
    "dirty_*": (
        "every report bears its time and the newest one wins, so nothing has to be refreshed by "
        "suspicion; remove this key"
    ),
    "truncate_breaker_*": (
        "110017 asks for the position before the next close, and one breaker slows every repeated "
        "refusal; remove this key"
    ),
    "preflight_*": (
        "every opening order passes the affordability gate, with resting and reserved orders "
        "counted; remove this key"
    ),
    "assumed_leverage": (
        "the leverage is read from the exchange before anything is placed; write leverage to have "
        "it checked"
    ),
    "moderate_liq_low_balance_fix_enabled": "the rule always holds; remove this key",
    "low_balance_skip_*": "denials are always logged as transitions and sums; remove this key",
    "divergence_*": (
        "belief and exchange are compared at every audit (audit_*_s under `safety`), and opening "
        "stops until they agree; remove this key"
    ),
    "safety_caps": "renamed: write the caps under `safety` at the top level",
    "max_notional_per_symbol": "renamed: write max_notional, which holds for each direction",
    "session_loss_auto_reset_utc_midnight": "a day's loss limit always ends at UTC midnight",
    "max_orders_per_minute": "renamed: write max_placements_per_minute",
    "shadow_mode": (
        "an account is in the shadow as a whole, with its wallet: write shadow: true under the "
        "account, or start with --shadow"
    ),
    **STRATEGY_MIGRATIONS,
}
"""Keys of live.md 4.2 that exist no more, and what to do about each."""


def find_config(given: Path | None, environment: Mapping[str, str]) -> Path:
    """The file: --config, GRIDBOT_CONFIG_PATH, conf/gridbot.yaml, gridbot.yaml (live.md 4.2)."""
    return find(PROGRAM, given, environment)


def load_config(path: Path, environment: Mapping[str, str]) -> GridbotConfig:
    """Read a configuration file, or refuse it with every problem and its place.

    `environment` replaces ${NAME} and says where the user keeps data. Paths, those of secrets too,
    are taken relative to the file.
    """
    config = load(GridbotConfig, path, migrations=MIGRATIONS, environment=environment)
    folder = config.data_folder
    settled = default_folder(environment) if folder is None else resolve_beside(path, folder)
    surface, token = config.surface, config.surface.token
    if token is not None:
        surface = surface.model_copy(update={"token": reference_beside(path, token)})
    logging, file = config.logging, config.logging.file
    if file is not None:
        logging = logging.model_copy(update={"file": resolve_beside(path, file)})
    return config.model_copy(
        update={
            "accounts": tuple(_settled(one, path) for one in config.accounts),
            "data_folder": settled,
            "surface": surface,
            "logging": logging,
            "notification": _notification(config.notification, path),
            "guard": _guard(config.guard, path),
        }
    )


def default_folder(environment: Mapping[str, str]) -> Path:
    """The user's own folder for data, so that state never lies in a source tree (L131)."""
    home = environment.get("XDG_DATA_HOME")
    base = Path(home) if home else Path(environment.get("HOME") or Path.home())
    return base / PROGRAM if home else base / ".local" / "share" / PROGRAM


def in_environment(config: GridbotConfig, name: str) -> GridbotConfig:
    """The configuration with every account at another exchange, as --environment asks.

    UserError for a name that is none, and for one that does not fit the other keys.
    """
    try:
        endpoint(name)
        return _with_accounts(config, {"environment": name})
    except EndpointRefused as error:
        raise UserError(f"--environment: {error}") from error
    except ValueError:
        # Without the cause, which quotes the whole configuration.
        raise UserError(
            f"--environment {name}: clock_speed and lockstep are for simulators only",
            "remove them from the configuration, or name a simulator's URL",
        ) from None


def in_the_shadow(config: GridbotConfig) -> GridbotConfig:
    """The configuration with every account in the shadow, as --shadow asks.

    UserError when it does not fit the other keys.
    """
    try:
        return _with_accounts(config, {"shadow": True})
    except ValueError:
        raise UserError(
            "--shadow: in lockstep the simulator is the exchange",
            "remove lockstep from the configuration",
        ) from None


def _with_accounts(config: GridbotConfig, changes: Mapping[str, object]) -> GridbotConfig:
    """Every account changed, and the whole judged again; ValueError."""
    accounts = tuple(one.model_copy(update=changes) for one in config.accounts)
    return GridbotConfig.model_validate(
        {field: getattr(config, field) for field in GridbotConfig.model_fields}
        | {"accounts": accounts}
    )


def _settled(account: AccountConfig, path: Path) -> AccountConfig:
    return account.model_copy(
        update={
            "api_key": reference_beside(path, account.api_key),
            "api_secret": reference_beside(path, account.api_secret),
        }
    )


def _notification(block: NotificationBlock, path: Path) -> NotificationBlock:
    telegram: TelegramBlock | None = block.telegram
    if telegram is None:
        return block
    token = reference_beside(path, telegram.bot_token)
    return block.model_copy(update={"telegram": telegram.model_copy(update={"bot_token": token})})


def _guard(block: GuardBlock | None, path: Path) -> GuardBlock | None:
    if block is None:
        return None
    keys = {
        name: key.model_copy(
            update={
                "api_key": reference_beside(path, key.api_key),
                "api_secret": reference_beside(path, key.api_secret),
            }
        )
        for name, key in block.keys.items()
    }
    return block.model_copy(update={"keys": keys})
