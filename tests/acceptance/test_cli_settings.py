"""A settings file or environment that can't be used is named with its place, and nothing starts."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.acceptance.commandline import CommandLine, Installed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[site]\nlistn = '127.0.0.1:80'", "[site] listn is not a setting (did you mean “listen”?); known"),
        ("[sight]\nlisten = 'x:1'", "“sight” is not a setting (did you mean “site”?); known here: database"),
        ("[site]\nlisten = '8080'", "[site] listen is not HOST:PORT; write it as 127.0.0.1:8080"),
        ("[site]\npublic_url = 'news.example.org'", "[site] public_url is not a web address; write it as"),
        ("[site]\npublic_url = 'https://'", "[site] public_url is not a web address"),
        ("[site]\npublic_url = 'https://[::1'", "[site] public_url is not a web address"),
        ("site = 'here'", "“site” must be a section: a line [site], and its settings below"),
        ("[relay]\nport = 'smtp'", "[relay] port is not right: input should be a valid integer"),
        ("[relay]\nport = 70000", "[relay] port is not right: input should be less than or equal to 65535"),
        ("[relay]\ntls = 'ssl'", "[relay] tls is not right: input should be 'starttls', 'tls' or 'none'"),
        ("[relay]\nhost = 'mail.example.org:587'", "[relay] host is not the name of a server; write it as"),
        ("[relay]\nhost = 'mail.example.org'\ntls = 'none'", '[relay] tls is "none", which shows every'),
        ("[sending]\nretry_minutes = []", "[sending] retry_minutes is empty; write it as [5, 15"),
        ("[sending]\nretry_minutes = [0]", "[sending] retry_minutes is not right: input should be greater"),
        ("[database]\nurl = 'mailer.db'", "[database] url is not a database address; write sqlite:///data"),
        ("[database]\nurl = 'mysql://127.0.0.1/x'", "[database] url names mysql; write sqlite:///… or"),
        ("[database]\nurl = 'sqlite:////nowhere/x.db'", "/nowhere/x.db is not there; put it back from"),
        ("[database]\nurl = 'postgresql://127.0.0.1:1/x'", "the database does not answer (ConnectionRefused"),
        ("[site\n", "mailer.toml can't be read: expected ']'"),
        ("[site]\nlisten = 127.0.0.1:80", '(at line 2, column 15); write name = "value", text in quotes'),
        ("# Зьмест", "mailer.toml is not UTF-8; open it and save it again as UTF-8"),
    ],
)
def test_settings_that_cannot_be_used_are_named(installed: Installed, text: str, said: str) -> None:
    """Each sentence names file, section and setting; no verb does anything, and no value is shown."""
    encoding = "cp1251" if "Зьмест" in text else "utf-8"
    (installed.folder / "mailer.toml").write_text(text, encoding)
    before = installed.everything()
    # Where the text is about [site], the environment would put it right.
    free_port = {} if "site" in text else {"MAILER_SITE__LISTEN": "127.0.0.1:0"}

    assert said in installed("issue", "build").refusal()
    assert said in installed("serve", environment=free_port).refusal()
    assert installed.everything() == before


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MAILER_SITE__LISTEN", "here", "MAILER_SITE__LISTEN in the environment is not HOST:PORT"),
        ("MAILER_SITE__LISTN", "x:1", "MAILER_SITE__LISTN in the environment is not a setting (did you mean"),
        ("MAILER_RELAY_HOST", "x", "is not a setting (did you mean “MAILER_RELAY__HOST”?); known here:"),
        ("MAILER_SETTINGS", "nowhere.toml", "nowhere.toml is not there; go to the folder"),
    ],
)
def test_the_environment_is_held_to_the_same(
    installed: Installed, variable: str, value: str, said: str
) -> None:
    """A variable meant for a setting that is not there would silently leave mail on this machine."""
    assert said in installed("issue", "show", environment={variable: value}).refusal()


def test_a_variable_overrides_the_file(installed: Installed) -> None:
    """MAILER_DATABASE__URL goes before [database] url; what container engines make up does not matter."""
    environment = {
        "MAILER_DATABASE__URL": "sqlite:///elsewhere.db",
        "MAILER_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    }

    assert "elsewhere.db is not there" in installed("issue", "show", environment=environment).refusal()


def test_init_holds_the_environment_to_the_same(mailer: CommandLine, tmp_path: Path) -> None:
    """What can't be used is refused before anything is written."""
    ran = mailer("init", tmp_path / "new", "--yes", environment={"MAILER_RELAY__PORT": "smtp"})

    assert "MAILER_RELAY__PORT in the environment is not right" in ran.refusal()
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_named(installed: Installed) -> None:
    """The site does not start half: nothing is sent either."""
    before = installed.everything()
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"

        ran = installed("serve", environment={"MAILER_SITE__LISTEN": listen})

    assert "another program does; end it, or choose another port in [site] listen" in ran.refusal()
    assert ran.status == 2
    assert installed.everything() == before


def vault(installed: Installed) -> Path:
    return installed.folder / "data" / "keys" / "vault.keys"


def test_missing_keys_are_asked_for(installed: Installed) -> None:
    """New keys would open no old address, so none are made."""
    vault(installed).unlink()

    assert "vault.keys is missing; copy it back from where you keep the keys" in installed("serve").refusal()
    assert not vault(installed).exists()


def test_keys_that_others_may_read_are_refused(installed: Installed) -> None:
    """The sentence holds the command that mends it."""
    vault(installed).chmod(0o640)

    assert f"run “chmod 600 {vault(installed)}”" in installed("issue", "show").refusal()


@pytest.mark.parametrize(
    "text", ["", "seal 1\n", "seal one AAAA\n", "seal 1 AAAA\n", "door 1 AAAA\n", "ключ\n"]
)
def test_damaged_keys_are_refused(installed: Installed, text: str) -> None:
    """They are restored from the copy; nothing is sealed with half a key."""
    vault(installed).write_text(text, "utf-8")

    assert "vault.keys" in (said := installed("issue", "show").refusal())
    assert "from your copy" in said


def test_a_lost_database_is_not_replaced_in_silence(installed: Installed) -> None:
    """An empty one would look like an installation that has no reader; asked for, it is made."""
    (installed.folder / "data" / "mailer.db").unlink()

    said = installed("issue", "show").refusal()
    lost = not (installed.folder / "data" / "mailer.db").exists()
    upgraded = installed("db", "upgrade").status

    assert "mailer.db is not there; put it back from your backup" in said
    assert lost
    assert upgraded == 0
    assert "there is no newsletter yet" in installed("issue", "show").refusal()


def test_a_database_that_is_none_is_refused(installed: Installed) -> None:
    """It is left as it is, for whoever knows how to mend it."""
    file = installed.folder / "data" / "mailer.db"
    file.write_bytes(b"This is a letter, not a database. " * 100)

    assert "the database file is damaged; restore the last backup" in installed("issue", "show").refusal()
    assert file.read_bytes().startswith(b"This is a letter")
