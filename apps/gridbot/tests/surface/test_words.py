"""The surface's own words."""

from gridbot.surface.words import ACTIONS, CommandName, SurfaceSettings
from gridcore.events import OperatorAction


def test_every_command_is_an_action_of_its_own_and_every_action_a_command() -> None:
    assert list(ACTIONS) == list(CommandName)
    assert sorted(ACTIONS.values()) == sorted(OperatorAction)


def test_settings_never_show_their_token() -> None:
    settings = SurfaceSettings(host="127.0.0.1", port=9101, token="the-secret-of-the-surface")

    assert repr(settings) == "SurfaceSettings(host='127.0.0.1', port=9101, token set)"
    assert "secret" not in f"{settings} {settings!r}"
