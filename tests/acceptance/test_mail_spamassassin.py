"""SpamAssassin on every mail we send, with all of its rules and with DNS for DKIM and SPF."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from tests.acceptance.every_mail import NAMES, every_mail
from tests.acceptance.receiving import RECORDS, delivered
from tests.tools.dns_stub import running_dns
from tests.tools.perl import Verdict, spamassassin

_MOST_POINTS = 0.5


@pytest.fixture(scope="module")
def verdicts() -> Mapping[str, Verdict]:
    """What is said of each mail by name, and of one whose body and one whose signature was broken."""
    at = datetime.now(UTC).replace(microsecond=0)
    first = every_mail(at)[0]
    mails = {mail.name: delivered(mail, mail.message, at) for mail in every_mail(at)}
    mails["broken body"] = delivered(first, _flipped(first.message, len(first.message) - 100), at)
    mails["broken signature"] = delivered(first, _flipped(first.message, first.message.index(b" b=") + 9), at)
    with running_dns(RECORDS) as port:
        return dict(zip(mails, spamassassin(list(mails.values()), port), strict=True))


def _flipped(message: bytes, at: int) -> bytes:
    """Change a letter into its neighbour."""
    return message[:at] + bytes((message[at] ^ 1,)) + message[at + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_gets_hardly_a_point(verdicts: Mapping[str, Verdict], name: str) -> None:
    """Every kind in every language stays a tenth of what makes a mail spam."""
    assert verdicts[name].points <= _MOST_POINTS, verdicts[name].rules


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_signed_by_its_author(verdicts: Mapping[str, Verdict], name: str) -> None:
    """The signature holds and is of the domain in From; SPF allows the relay for the return path."""
    assert {"DKIM_VALID_AU", "SPF_PASS"} <= verdicts[name].rules.keys()


@pytest.mark.parametrize("broken", ["broken body", "broken signature"])
def test_a_mail_changed_on_the_way_is_not(verdicts: Mapping[str, Verdict], broken: str) -> None:
    """One letter of the body or of the signature is enough, so that DKIM_VALID_AU above means something."""
    assert "DKIM_INVALID" in verdicts[broken].rules
    assert "DKIM_VALID_AU" not in verdicts[broken].rules
