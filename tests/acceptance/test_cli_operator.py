"""``mailer operator password``: a password is made and shown once, or taken from standard input."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.commandline import Installed

_HASH = re.compile(r"INSERT INTO \"operator\" VALUES\(\d+,'(\w+)','(\$argon2id[^']*)'")


def stored(installed: Installed) -> dict[str, str]:
    return {found[1]: found[2] for line in installed.dump() if (found := _HASH.search(line))}


def test_a_made_password_is_shown_and_not_stored(installed: Installed) -> None:
    """Again makes another one."""
    made = []
    for _ in range(2):
        ran = installed("operator", "password", "anna")
        assert (ran.status, ran.err) == (0, "")
        made += re.findall(r"^  ([a-z0-9-]{23})$", ran.out.decode(), re.MULTILINE)

    assert len(set(made)) == 2
    assert "anna" in stored(installed)
    assert not any(password in line for line in installed.dump() for password in made)


def test_a_password_comes_from_standard_input(installed: Installed, tmp_path: Path) -> None:
    """It is not printed."""
    typed = tmp_path / "typed"
    typed.write_text("пароль даўжынёй\n", "utf-8")

    ran = installed("operator", "password", "anna", "--password-stdin", stdin=typed)

    assert (ran.status, b"\xd0\xbf\xd0\xb0\xd1\x80" in ran.out) == (0, False)
    assert "anna" in stored(installed)


@pytest.mark.parametrize(
    ("typed", "said"), [("", "no password came"), ("\n", "no password came"), ("short\n", "at least 12")]
)
def test_what_can_not_be_taken_is_said(installed: Installed, tmp_path: Path, typed: str, said: str) -> None:
    """In one sentence; the operator's password stays."""
    before = stored(installed)
    (tmp_path / "typed").write_text(typed)

    ran = installed("operator", "password", "anna", "--password-stdin", stdin=tmp_path / "typed")

    assert said in ran.refusal()
    assert stored(installed) == before
