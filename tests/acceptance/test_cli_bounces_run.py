"""``mailer bounces`` alone: what keeps it from starting is one sentence that names the setting."""

from __future__ import annotations

import pytest

from tests.acceptance.commandline import Installed
from tests.acceptance.served import served

_DOMAIN = {"MAILER_SENDING__RETURN_PATH_DOMAIN": "returns.example.org"}
_SMTP = {"MAILER_RETURNED__SMTP": "127.0.0.1:0"}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "no way in is set"),
        (_SMTP, "[sending] return_path_domain is empty"),
        ({"MAILER_RETURNED__SMTP": "2525", **_DOMAIN}, "is neither HOST:PORT"),
        (
            {"MAILER_RETURNED__NEWSROOM": "editors@Returns.example.org", **_SMTP, **_DOMAIN},
            "[returned] newsroom is an address that returned mail comes to",
        ),
        (
            {
                "MAILER_RETURNED__NEWSROOM": "bounces@returns.example.org",
                "MAILER_SENDING__RETURN_PATH_PREFIX": "bounces+",
                "MAILER_MAILBOX__HOST": "imap.example.org",
                **_DOMAIN,
            },
            "[returned] newsroom is an address that returned mail comes to",
        ),
        ({"MAILER_RETURNED__SMTP": "192.0.2.1:2525", **_DOMAIN}, "[returned] smtp: 192.0.2.1:2525"),
        ({"MAILER_RETURNED__LMTP": "/nowhere/lmtp", **_DOMAIN}, "[returned] lmtp: /nowhere/lmtp"),
        ({"MAILER_RETURNED__CERTIFICATE": "a.pem", **_SMTP, **_DOMAIN}, "belong together"),
        (
            {
                "MAILER_RETURNED__CERTIFICATE": "a.pem",
                "MAILER_RETURNED__CERTIFICATE_KEY": "a.key",
                **_SMTP,
                **_DOMAIN,
            },
            "a.pem can't be read",
        ),
    ],
)
def test_what_keeps_it_from_starting(installed: Installed, environment: dict[str, str], named: str) -> None:
    """The sentence says which setting, and what to write or do."""
    ran = installed("bounces", environment=environment)

    sentence = ran.refusal()
    assert named in sentence
    assert ";" in sentence


def test_serve_says_that_nothing_takes_returned_mail(installed: Installed) -> None:
    """Where mails leave: else nobody hears of a complaint, or of a mailbox that is gone."""
    settings = installed.folder / "mailer.toml"
    said = settings.read_text("utf-8").replace("[relay]\n", '[relay]\nprofile = "postfix"\n')
    settings.write_text(said.replace('host = ""\nport = 587', 'host = "127.0.0.1"\nport = 9'), "utf-8")

    with served(installed):
        pass

    assert "Warning: nothing takes returned mail" in (installed.folder / "serve.log").read_text("utf-8")
