"""``mailer bounces`` alone: what keeps it from starting is one sentence that names the setting."""

from __future__ import annotations

import pytest

from tests.acceptance.commandline import Installed

_DOMAIN = {"MAILER_SENDING__RETURN_PATH_DOMAIN": "returns.example.org"}
_SMTP = {"MAILER_RETURNED__SMTP": "127.0.0.1:0"}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "no way in is set"),
        (_SMTP, "[sending] return_path_domain is empty"),
        ({"MAILER_RETURNED__SMTP": "2525", **_DOMAIN}, "is not HOST:PORT"),
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
