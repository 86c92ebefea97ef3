"""What checks know of a machine is what its settings and its key say."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.config import DkimSettings, RelaySettings, Settings, SiteSettings, settings_of_our_own
from mailer.delivery.dkim_key import create_dkim_key
from mailer.delivery.premises import is_elsewhere, machine_of
from mailer.domain.checks.machine import Machine


def settings(folder: Path, *, host: str = "", signing: str = "relay", domain: str = "") -> Settings:
    return settings_of_our_own(
        site=SiteSettings(public_url="https://news.example.org/"),
        relay=RelaySettings.model_validate({"host": host, "signing": signing}),
        dkim=DkimSettings(domain=domain, selector="mailer" if domain else ""),
    ).beside(folder)


def test_an_installation_that_keeps_its_mail_is_known_as_such(tmp_path: Path) -> None:
    """Its pictures lie in the data folder, and nobody signs."""
    assert machine_of(settings(tmp_path)) == Machine(
        "https://news.example.org", tmp_path.resolve() / "data" / "media"
    )


def test_a_machine_that_signs_says_as_whom(tmp_path: Path) -> None:
    """Its key is there and can be used."""
    create_dkim_key(tmp_path / "data" / "keys" / "dkim.pem")

    machine = machine_of(settings(tmp_path, host="smtp.example.net", signing="us", domain="example.org"))

    assert (machine.signs_as, machine.signing_problem) == ("example.org", "")
    assert machine.has_relay
    assert machine.leaves_machine


@pytest.mark.parametrize(
    ("domain", "sentence"), [("", "[dkim] has no domain"), ("example.org", "dkim.pem")], ids=["who", "key"]
)
def test_a_machine_that_can_not_sign_says_why(tmp_path: Path, domain: str, sentence: str) -> None:
    """With the next step, and without refusing to look at an issue."""
    machine = machine_of(settings(tmp_path, host="smtp.example.net", signing="both", domain=domain))

    assert sentence in machine.signing_problem
    assert machine.signs_as == ""


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("", False),
        ("localhost", False),
        ("127.0.0.1", False),
        ("127.1.2.3", False),
        ("::1", False),
        ("[::1]", False),
        ("smtp.example.org", True),
        ("192.0.2.7", True),
        ("localhost.example.org", True),
    ],
)
def test_a_server_elsewhere_is_told_from_one_here(host: str, *, expected: bool) -> None:
    """Without one, nothing leaves."""
    assert is_elsewhere(host) is expected
