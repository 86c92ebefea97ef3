"""Our signature on every mail we send, in the eyes of two programs of others: dkimpy and Mail::DKIM."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.acceptance.every_mail import NAMES, SIGNING, every_mail
from tests.acceptance.receiving import RECORDS
from tests.tools.dkimpy import load_dkimpy
from tests.tools.dns_stub import running_dns
from tests.tools.perl import mail_dkim

_ADDED = {
    "Subject": b"Subject: What somebody else says\r\n",
    "List-Unsubscribe": b"List-Unsubscribe: <https://elsewhere.example.com/>\r\n",
}
"""What somebody could put on top of a mail, where many programs take the first field of a name."""

Verdicts = Mapping[tuple[str, str], bool]
"""Whether the signature holds, by the mail's name and what was put on top: empty for nothing."""


@pytest.fixture(scope="module")
def messages() -> Mapping[tuple[str, str], bytes]:
    return {
        (mail.name, added): _ADDED.get(added, b"") + mail.message
        for mail in every_mail()
        for added in ("", *_ADDED)
    }


@pytest.fixture(scope="module")
def by_dkimpy(messages: Mapping[tuple[str, str], bytes]) -> Verdicts:
    dkim = load_dkimpy()
    record = SIGNING.record

    def look_up(name: bytes | str, timeout: int = 5) -> bytes | None:
        asked = name.decode() if isinstance(name, bytes) else name
        return record.value.encode() if asked == f"{record.name}." else None

    return {key: bool(dkim.verify(message, dnsfunc=look_up)) for key, message in messages.items()}


@pytest.fixture(scope="module")
def by_mail_dkim(messages: Mapping[tuple[str, str], bytes]) -> Verdicts:
    with running_dns(RECORDS) as port:
        said = mail_dkim(list(messages.values()), port)
    return {key: word == "pass" for key, word in zip(messages, said, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_both_find_the_signature_good(by_dkimpy: Verdicts, by_mail_dkim: Verdicts, name: str) -> None:
    """Every kind of mail in every language, as it goes over the wire."""
    assert by_dkimpy[name, ""]
    assert by_mail_dkim[name, ""]


@pytest.mark.parametrize("added", _ADDED)
@pytest.mark.parametrize("name", NAMES)
def test_neither_lets_a_field_be_put_on_top(
    by_dkimpy: Verdicts, by_mail_dkim: Verdicts, name: str, added: str
) -> None:
    """Another subject or way out breaks the signature, also where a mail has none (RFC 6376 §8.15)."""
    assert not by_dkimpy[name, added]
    assert not by_mail_dkim[name, added]
