"""Whether we sign, as the settings say; we never go on without a signature that was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from mailer.config import DkimSettings, RelaySettings, Settings, settings_of_our_own
from mailer.delivery.dkim_key import create_dkim_key
from mailer.delivery.signing import check_aligned, load_signing
from mailer.errors import KeysError, SettingsError

Signs = Literal["relay", "us", "both"]


def settings(folder: Path, signing: Signs, **dkim: Any) -> Settings:
    described = {"domain": "example.org", "selector": "week"} | dkim
    sections = settings_of_our_own(relay=RelaySettings(signing=signing), dkim=DkimSettings(**described))
    return sections.beside(folder)


def test_the_outgoing_server_signs_unless_we_are_told_to(tmp_path: Path) -> None:
    """Then nothing of [dkim] is looked at."""
    assert RelaySettings().signing == "relay"
    assert load_signing(settings(tmp_path, "relay", domain="", key="nowhere.pem")) is None


@pytest.mark.parametrize("signing", ["us", "both"])
def test_we_sign_as_dkim_says(tmp_path: Path, signing: Signs) -> None:
    """With the key that lies in the data folder, unless its path says where."""
    made = create_dkim_key(tmp_path / "data" / "keys" / "dkim.pem")

    relative = load_signing(settings(tmp_path, signing))
    absolute = load_signing(settings(tmp_path, signing, key=str(tmp_path / "data/keys/dkim.pem")))

    for found in (relative, absolute):
        assert found is not None
        assert (found.domain, found.selector) == ("example.org", "week")
        assert found.key.private_numbers() == made.private_numbers()


@pytest.mark.parametrize("name", ["domain", "selector"])
def test_signing_as_nobody_is_refused(tmp_path: Path, name: str) -> None:
    """The sentence says what makes a key, and how to leave it to the server."""
    with pytest.raises(SettingsError, match=rf"\[dkim\] has no {name}.*mailer dkim new.*signing = .relay."):
        load_signing(settings(tmp_path, "us", **{name: ""}))


def test_signing_without_the_key_is_refused(tmp_path: Path) -> None:
    """Nothing is sent then: an unsigned mail would count as forged."""
    with pytest.raises(KeysError, match=r"data/keys/dkim\.pem is missing, so nothing can be signed"):
        load_signing(settings(tmp_path, "us"))


def test_a_key_is_not_shown_by_accident(tmp_path: Path) -> None:
    """Whoever prints a Signing sees no key."""
    create_dkim_key(tmp_path / "data" / "keys" / "dkim.pem")

    assert repr(load_signing(settings(tmp_path, "us"))) == "Signing(domain='example.org', selector='week')"


def test_a_sender_of_another_domain_is_refused(tmp_path: Path) -> None:
    """Its signature would not count for DMARC; the domain itself and those below it do."""
    create_dkim_key(tmp_path / "data" / "keys" / "dkim.pem")
    signing = load_signing(settings(tmp_path, "us"))
    assert signing is not None

    signing.check_sender("desk@news.example.org")
    with pytest.raises(
        SettingsError, match=r'example\.net, for which .* example\.org .* domain = "example\.net"'
    ):
        signing.check_sender("desk@example.net")
    with pytest.raises(SettingsError, match="does not count"):
        check_aligned("org", "desk@example.org")


@pytest.mark.parametrize("name", ["domain", "selector"])
@pytest.mark.parametrize("value", ["a b", "a;b=c", "тыд зень", "example.org."])
def test_names_that_are_none_in_dns_are_refused(name: str, value: str) -> None:
    """What could break a signature's header never gets there."""
    with pytest.raises(ValueError, match="is not a name in DNS; write it as"):
        DkimSettings.model_validate({name: value})
