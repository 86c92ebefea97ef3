"""Whom the settings believe: keys are read once at the start, and a wrong one is said in a sentence."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mailer.config_returned import WebhooksSettings
from mailer.errors import SettingsError
from mailer.web.hooks.trust import NOBODY, load_trust


def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def test_without_settings_nobody_is_believed(tmp_path: Path) -> None:
    """No provider has an address here until one is named."""
    wake = NOBODY.stored

    assert load_trust(WebhooksSettings(), tmp_path, wake) == NOBODY


def test_keys_and_secrets_are_read(tmp_path: Path) -> None:
    """Files may end with a line; the key is as SendGrid shows it."""
    for name in ("mailgun", "postmark", "brevo"):
        (tmp_path / name).write_text(f"the long secret of {name}\n", "utf-8")
    settings = WebhooksSettings(
        ses_topics=("arn:aws:sns:eu-central-1:123456789012:returned",),
        sendgrid_public_key=public(ec.generate_private_key(ec.SECP256R1())),
        mailgun_key_file="mailgun",
        postmark_password_file="postmark",
        brevo_token_file="brevo",
    )

    trust = load_trust(settings, tmp_path, NOBODY.stored)

    assert trust.ses_topics == set(settings.ses_topics)
    assert trust.sendgrid_key is not None
    assert trust.mailgun_key == b"the long secret of mailgun"
    assert trust.postmark_password == b"the long secret of postmark"
    assert trust.brevo_token == b"the long secret of brevo"
    assert "secret" not in repr(trust)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (WebhooksSettings(sendgrid_public_key="no key"), "sendgrid_public_key"),
        (
            WebhooksSettings(sendgrid_public_key=public(rsa.generate_private_key(65537, 2048))),
            "copy it whole",
        ),
        (WebhooksSettings(mailgun_key_file="missing"), "mailgun_key_file.*can't be read"),
        (WebhooksSettings(postmark_password_file="."), "postmark_password_file.*can't be read"),
        (WebhooksSettings(brevo_token_file="empty"), "brevo_token_file.*is empty"),
        (WebhooksSettings(brevo_token_file="short"), "brevo_token_file.*at least 20 letters"),
        (WebhooksSettings(postmark_password_file="short"), "postmark_password_file.*at least 20 letters"),
    ],
)
def test_what_cant_be_used_is_said_at_the_start(
    tmp_path: Path, settings: WebhooksSettings, said: str
) -> None:
    """Not when the first call comes."""
    (tmp_path / "empty").write_text("\n", "utf-8")
    (tmp_path / "short").write_text("a password\n", "utf-8")

    with pytest.raises(SettingsError, match=said):
        load_trust(settings, tmp_path, NOBODY.stored)
