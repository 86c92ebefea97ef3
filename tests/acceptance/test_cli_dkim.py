"""``mailer dkim``: a key, and what to publish."""

from __future__ import annotations

import stat

import pytest

from tests.acceptance.commandline import Installed


def test_a_new_key_comes_with_its_record(installed: Installed) -> None:
    """Named after the newsletter's sender; what people and scripts are told later is the same record."""
    made = installed("dkim", "new", "--selector", "Week26", "--json").json
    file = installed.folder / "mailer.toml"
    text = file.read_text("utf-8").replace('selector = ""', 'selector = "week26"')
    file.write_text(text.replace('domain = ""\nselector', 'domain = "example.org"\nselector'), "utf-8")

    shown = installed("dkim", "show", "--json").json
    said = installed("dkim", "show").out.decode()

    assert shown == made
    assert (made["name"], made["type"]) == ("week26._domainkey.example.org", "TXT")
    assert "".join(made["strings"]) == made["value"]
    for string in made["strings"]:
        assert f'"{string}"' in said
    key = installed.folder / "data" / "keys" / "dkim.pem"
    assert made["key"] == str(key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_what_new_says_is_what_the_settings_take(installed: Installed) -> None:
    """With the lines it prints, put into mailer.toml, show finds the key."""
    said = installed("dkim", "new").out.decode().splitlines()
    lines = [line.strip() for line in said[said.index("  [relay]") :]]

    (installed.folder / "mailer.toml").write_text("\n".join(lines), "utf-8")

    assert installed("dkim", "show").out.decode().splitlines() == said[1:5]


def test_a_second_key_is_refused(installed: Installed) -> None:
    """The first goes on to be the one that is published."""
    installed("dkim", "new")
    key = installed.folder / "data" / "keys" / "dkim.pem"
    before = key.read_bytes()

    assert "exists already, and keys are never written over" in installed("dkim", "new").refusal()
    assert key.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["new", "--domain", "example.net"],
            'for which a signature of example.net does not count; write domain = "',
        ),
        (["new", "--domain", "a b"], "--domain: “a b” is not a name in DNS"),
        (["new", "--selector", "тыдзень"], "--selector: “тыдзень” is not a name in DNS"),
        (["show"], "[dkim] has no domain, so we can’t sign; “mailer dkim new” makes a key"),
    ],
)
def test_refusals_leave_nothing(installed: Installed, arguments: list[str], said: str) -> None:
    """One sentence, and no key was made."""
    before = installed.everything()

    assert said in installed("dkim", *arguments).refusal()
    assert installed.everything() == before
