"""rspamd on every mail we send, with DNS for DKIM, SPF and DMARC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.acceptance.every_mail import NAMES, Mail, every_mail
from tests.acceptance.receiving import RECORDS, envelope, relayed
from tests.tools.dns_stub import running_dns
from tests.tools.rspamd import Finding, Rspamd, running_rspamd

_GROUPS = frozenset(("headers", "mime_types", "subject", "content", "mua", "policies"))
"""What judges how a mail is made; other groups judge hosts, links and habits of a language."""


@pytest.fixture(scope="module")
def rspamd() -> Iterator[Rspamd]:
    with running_dns(RECORDS) as port, running_rspamd(port) as running:
        yield running


@pytest.fixture(scope="module")
def now() -> datetime:
    """Taken once: rspamd minds a Date that is not of today."""
    return datetime.now(UTC).replace(microsecond=0)


def _found(rspamd: Rspamd, mail: Mail, message: bytes, at: datetime) -> dict[str, Finding]:
    return rspamd.findings(relayed(message, at), envelope(mail))


def _faults(findings: dict[str, Finding]) -> dict[str, float]:
    """Return what counts against how a mail is made."""
    return {
        symbol: found.points
        for symbol, found in findings.items()
        if found.points > 0 and found.groups & _GROUPS
    }


@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_nothing_counts_against_a_mail(rspamd: Rspamd, now: datetime, index: int) -> None:
    """No symbol of those groups has points, and DKIM, SPF and DMARC all allow it."""
    mail = every_mail(now)[index]

    findings = _found(rspamd, mail, mail.message, now)

    assert _faults(findings) == {}
    assert {"R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"} <= findings.keys()


def test_a_mail_without_a_date_is_found_out(rspamd: Rspamd, now: datetime) -> None:
    """The same question about the same mail but for Date gets another answer."""
    mail = every_mail(now)[0]

    undated = mail.message.replace(b"\r\nDate: ", b"\r\nX-Date: ")

    assert "MISSING_DATE" in _faults(_found(rspamd, mail, undated, now))


def test_a_changed_mail_is_found_out(rspamd: Rspamd, now: datetime) -> None:
    """A letter of the body is enough, so that the good signatures above mean something."""
    mail = every_mail(now)[0]

    changed = mail.message[:-100] + bytes((mail.message[-100] ^ 1,)) + mail.message[-99:]

    # Without points: DMARC is content with SPF.
    found = _found(rspamd, mail, changed, now)
    assert "R_DKIM_REJECT" in found
    assert "R_DKIM_ALLOW" not in found
