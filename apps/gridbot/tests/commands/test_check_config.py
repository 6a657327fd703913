import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., int]
Written = Callable[..., Path]
Capture = pytest.CaptureFixture[str]


def test_the_resolved_configuration_is_shown_with_every_default(
    run: Run, written: Written, capsys: Capture
) -> None:
    """live.md 4.2."""
    file = written()

    code = run("check-config", "--config", file, "--json")

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert found["file"] == str(file)
    assert found["configuration"]["strategies"][0]["grid_step"] == "0.2"
    assert found["configuration"]["data_folder"] == str(file.parent / "state")
    assert len(found["hashes"]["main"]) == 64


def test_values_stand_with_the_places_that_errors_name(
    run: Run, written: Written, capsys: Capture
) -> None:
    run("check-config", "--config", written())

    out = capsys.readouterr().out
    assert "strategies[0].amount" in out
    assert "safety.retry_delays_s" in out
    assert "1, 2, 4" in out


def test_no_secret_is_shown(run: Run, written: Written, capsys: Capture) -> None:
    """A49: references stay references, the database's password is masked."""
    address = "postgresql://bot:hunter2@127.0.0.1/grid"
    file = written()
    file.write_text(file.read_text().replace(f"sqlite:///{file.parent}/bot.db", address))

    run("check-config", "--config", file)
    run("check-config", "--config", file, "--json")

    out = capsys.readouterr().out
    assert "env:BOT_SECRET" in out
    assert "demo-secret-1" not in out
    assert "hunter2" not in out
    assert "postgresql+psycopg://bot:***@127.0.0.1/grid" in out


def test_a_limit_that_is_off_is_shown_as_it_is_written(
    run: Run, written: Written, capsys: Capture
) -> None:
    file = written(
        old="data_folder", new="safety: {max_open_orders: off, max_notional: off}\ndata_folder"
    )

    run("check-config", "--config", file, "--json")

    safety = json.loads(capsys.readouterr().out)["configuration"]["safety"]
    assert (safety["max_open_orders"], safety["max_notional"]) == ("off", "off")


def test_a_wrong_configuration_ends_with_1_and_names_the_place(
    run: Run, written: Written, capsys: Capture
) -> None:
    """A48."""
    code = run("check-config", "--config", written(old="amount: 200", new="amonut: 200"))

    assert code == 1
    assert "strategies[0].amonut: unknown key, did you mean amount?" in capsys.readouterr().err


def test_another_environment_is_shown_resolved(run: Run, written: Written, capsys: Capture) -> None:
    code = run("check-config", "--config", written(), "--environment", "demo", "--json")

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert found["configuration"]["accounts"][0]["environment"] == "demo"
