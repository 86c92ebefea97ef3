"""The tests' own name server answers as one that is responsible for a few names."""

from __future__ import annotations

from collections.abc import Iterator

import dns.message
import dns.query
import dns.rcode
import pytest

from tests.tools.dns_stub import running_dns

_LONG = "v=DKIM1; k=rsa; p=" + "A" * 600


@pytest.fixture
def port() -> Iterator[int]:
    with running_dns(
        [("key.example.org", "TXT", _LONG), ("example.org", "MX", "10 mx.example.org.")]
    ) as port:
        yield port


def _ask(port: int, name: str, kind: str) -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, kind), "127.0.0.1", timeout=5, port=port)


def test_a_long_record_comes_whole(port: int) -> None:
    """A key is longer than one string of a TXT record and than an old asker's 512 bytes."""
    (record,) = _ask(port, "KEY.example.org", "TXT").answer[0]

    assert _LONG.encode() == b"".join(record.strings)


def test_a_known_name_without_that_record_is_empty(port: int) -> None:
    """The name exists, so that this is no NXDOMAIN."""
    answer = _ask(port, "example.org", "TXT")

    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


def test_no_other_name_exists(port: int) -> None:
    """Lists that judge senders and links are asked in vain."""
    assert _ask(port, "example.org.lists.example.com", "A").rcode() == dns.rcode.NXDOMAIN
