"""Relay profiles: a copy carries its token as each provider hands it back, and no other byte changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

from mailer.audience.vault import Vault
from mailer.cli.relay import profile_warning
from mailer.config import RelaySettings, load_settings
from mailer.delivery.copy import Composer, Copy
from mailer.delivery.letterpress import letterhead
from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.relay_profile import RelayProfile
from mailer.domain.token import Token
from mailer.editorial.sample import sample_newsletter
from mailer.errors import SettingsError
from mailer.rendering import holes
from mailer.rendering.letterhead import edition_skeleton, letter_skeleton
from mailer.storage.letters import Letter
from tests.integration.delivery.house import LINKS, SECRETS

Making: TypeAlias = Callable[[RelayProfile], Copy]
OWN = b"public-id-12"
READER = "reader@example.org"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WITHOUT_FIELDS = (RelayProfile.NONE, RelayProfile.POSTFIX, RelayProfile.MAILBOX)
WITH_FIELDS = tuple(each for each in RelayProfile if each not in WITHOUT_FIELDS)
TRACKING_OFF = {
    RelayProfile.MAILGUN: {"X-Mailgun-Track": "no"},
    RelayProfile.POSTMARK: {"X-PM-TrackOpens": "false", "X-PM-TrackLinks": "None", "X-PM-KeepID": "true"},
}


@cache
def vault() -> Vault:
    return Vault(SECRETS)


def composer(profile: RelayProfile = RelayProfile.NONE) -> Composer:
    return replace(Composer(SECRETS, vault(), "bounces.example.org"), profile=profile)


def edition_copy(profile: RelayProfile) -> Copy:
    mail = RenderedMail(Language.ENGLISH, "News", f"<p>{holes.TOKEN}</p>", f"{holes.TOKEN}\n")
    head = letterhead(sample_newsletter(), Language.ENGLISH, LINKS)
    skeleton = edition_skeleton(mail, head, issue_key="2026-W47", date=NOW)
    return composer(profile).copy_to(READER, skeleton, Token(OWN, issue=7))


def letter_copy(profile: RelayProfile) -> Copy:
    mail = RenderedMail(Language.ENGLISH, "Confirm", f"<p>{holes.SECRET}</p>", f"{holes.SECRET}\n")
    skeleton = letter_skeleton(
        mail, letterhead(sample_newsletter(), Language.ENGLISH, LINKS), LetterKind.CONFIRM
    )
    sealed = vault().seal_values({"to": READER, "secret": "s" * 43}, b"seal-id-1234")
    letter = Letter(
        kind=LetterKind.CONFIRM,
        language=Language.ENGLISH,
        newsletter="belarus-weekly",
        public_id=OWN,
        seal_id=b"seal-id-1234",
        sealed=sealed,
        not_after=NOW,
        created_at=NOW,
    )
    return composer(profile).letter_copy(skeleton, letter, 3)


@pytest.mark.parametrize("copy_of", [edition_copy, letter_copy])
@pytest.mark.parametrize("profile", WITHOUT_FIELDS)
def test_a_plain_server_gets_no_other_byte(copy_of: Making, profile: RelayProfile) -> None:
    """Where the return path is kept, a copy is the same to the byte, whatever the profile is called."""
    assert copy_of(profile) == copy_of(RelayProfile.NONE)
    assert b"\r\nX-Mailgun" not in copy_of(profile).message


def test_the_default_copy_stays_as_it_was() -> None:
    """Without a profile a copy has the bytes it had before there were profiles."""
    digest = hashlib.sha256(edition_copy(RelayProfile.NONE).message).hexdigest()

    assert digest == "1ccf486962afe774aee03959d3f14aa4e66109f3c119ed13e8c865a8db18cf3e"


@pytest.mark.parametrize("copy_of", [edition_copy, letter_copy])
@pytest.mark.parametrize("profile", WITH_FIELDS)
def test_a_providers_copy_carries_the_return_paths_token(copy_of: Making, profile: RelayProfile) -> None:
    """The fields stand above the unchanged copy, short enough for every server, with its own token."""
    plain, copy = copy_of(RelayProfile.NONE), copy_of(profile)
    fields = copy.message.removesuffix(plain.message)
    token = copy.return_path.partition("@")[0]

    assert copy.return_path == plain.return_path
    assert copy.message.endswith(plain.message)
    assert fields.count(token.encode()) == 1
    assert fields.endswith(b"\r\n")
    assert fields.replace(b"\r\n", b"").isascii()
    assert all(len(line) <= 78 for line in fields.split(b"\r\n"))
    assert not message_from_bytes(copy.message).defects


@pytest.mark.parametrize(("profile", "fields"), TRACKING_OFF.items())
def test_a_provider_is_told_to_track_nobody(profile: RelayProfile, fields: dict[str, str]) -> None:
    """Where a field can switch tracking off for one message, it does."""
    message = message_from_bytes(edition_copy(profile).message)

    assert {name: message[name] for name in fields} == fields


def test_sendgrid_and_mailgun_are_given_json() -> None:
    """What is folded is JSON again once it is unfolded; SendGrid tracks nothing and adds nothing."""
    copy = edition_copy(RelayProfile.SENDGRID)
    token = copy.return_path.partition("@")[0]
    smtpapi = json.loads(message_from_bytes(copy.message)["X-SMTPAPI"].replace("\r\n", ""))
    by_mailgun = message_from_bytes(edition_copy(RelayProfile.MAILGUN).message)

    assert smtpapi["unique_args"] == {"mailer": token}
    assert {filter_["settings"]["enable"] for filter_ in smtpapi["filters"].values()} == {0}
    assert {"clicktrack", "opentrack"} <= smtpapi["filters"].keys()
    assert json.loads(by_mailgun["X-Mailgun-Variables"]) == {"mailer": token}


@pytest.mark.parametrize(
    ("host", "profile", "fitting"),
    [
        ("email-smtp.eu-central-1.amazonaws.com", RelayProfile.NONE, '"ses"'),
        ("smtp-relay.brevo.com", RelayProfile.MAILGUN, '"brevo"'),
        ("smtp.eu.mailgun.org", RelayProfile.POSTFIX, '"mailgun"'),
        ("SMTP-broadcasts.postmarkapp.com.", RelayProfile.NONE, '"postmark"'),
        ("smtp.sendgrid.net", RelayProfile.NONE, '"sendgrid"'),
        ("smtp.sendgrid.net", RelayProfile.SENDGRID, ""),
        ("smtp.example.org", RelayProfile.SES, ""),
        ("notsendgrid.net", RelayProfile.NONE, ""),
        ("", RelayProfile.NONE, ""),
    ],
)
def test_a_wrong_profile_is_noticed(host: str, profile: RelayProfile, fitting: str) -> None:
    """`relay test` names the profile that a well-known server needs, and says nothing of others."""
    warning = profile_warning(RelaySettings(host=host, profile=profile))

    assert (fitting in warning) if fitting else (warning == "")


def test_an_unknown_profile_is_refused(tmp_path: Path) -> None:
    """The refusal names the profiles there are."""
    (tmp_path / "mailer.toml").write_text('[relay]\nprofile = "sparkpost"\n', "utf-8")

    with pytest.raises(SettingsError, match="postmark"):
        load_settings(tmp_path)
