"""A domain name becomes what travels, or is refused by the end of a sentence."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.alignment import is_dns_name
from mailer.domain.domain_name import domain_name
from mailer.domain.web_address import web_address


@pytest.mark.parametrize(
    ("written", "travels"),
    [
        ("example.org", "example.org"),
        ("News.Example.ORG", "news.example.org"),
        ("a--b.example.org", "a--b.example.org"),
        ("пошта.бел", "xn--80a1acn3a.xn--90ais"),
        ("Пошта.БЕЛ", "xn--80a1acn3a.xn--90ais"),
        ("xn--80a1acn3a.xn--90ais", "xn--80a1acn3a.xn--90ais"),
        # Each label for itself: the registry's letters are not the owner's choice.
        ("пошта.example.org", "xn--80a1acn3a.example.org"),
        ("пошта-2.example.org", "xn---2-6kc9cet5b.example.org"),
        # IDNA 2008 keeps what IDNA 2003 turned into ss (RFC 5894 §7.2).
        ("straße.example.org", "xn--strae-oqa.example.org"),
        # Japanese and Korean are written with several scripts (UTS #39 §5.2).
        ("abcかなカナ漢字.example.org", "xn--abc-n73b9fpphhp143a6htb.example.org"),
    ],
)
def test_a_domain_travels_as_a_labels(written: str, travels: str) -> None:
    """In lower case and ASCII, whatever it was written in."""
    assert domain_name(written) == travels


NO_NAME = "is not a name in DNS; write it as example.org"
MIXED = "mixes letters of two scripts, which mail providers refuse; write it in one"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", NO_NAME),
        (".", NO_NAME),
        ("example.org.", NO_NAME),
        ("exam ple.org", NO_NAME),
        ("exam_ple.org", NO_NAME),
        ("example.org\r\n", NO_NAME),
        ("desk@example.org", NO_NAME),
        ("пошта..бел", NO_NAME),
        ("пошта\u200b.бел!", NO_NAME),
        ("☃.example.org", NO_NAME),
        ("xn--a.example.org", NO_NAME),
        ("xn--.example.org", NO_NAME),
        ("а" * 64 + ".example.org", NO_NAME),
        # A Cyrillic а in a Latin name, as written and as it would travel.
        ("ex\u0430mple.org", MIXED),
        ("xn--exmple-4nf.org", MIXED),
        ("поштa.example.org", MIXED),
        ("αлфа.example.org", MIXED),
    ],
)
def test_what_is_no_domain_is_refused(written: str, sentence: str) -> None:
    """Names that are none, and names that mix scripts (UTS #39): Gmail refuses mail of those."""
    with pytest.raises(ValueError, match=r"^") as refusal:
        domain_name(written)

    assert str(refusal.value) == sentence


LABELS = st.text(st.sampled_from("abжщ漢かé.-\u0301\u200d\u3002ß xn"), max_size=14)


@given(st.text(max_size=30) | LABELS | LABELS.map(lambda text: f"xn--{text}"))
@example("xn--\u0436.org")
@example("xn--a-.org")
@example("\ud800.org")
def test_any_text_becomes_a_dns_name_or_the_stated_error(text: str) -> None:
    """What comes out is ASCII, and stays as it is when it is read again."""
    with suppress(ValueError):
        name = domain_name(text)

        assert is_dns_name(name)
        assert name == name.lower() == domain_name(name)


@pytest.mark.parametrize(
    ("written", "travels"),
    [
        ("https://news.example.org/", "https://news.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://[2001:db8::1]:8443/weekly", "https://[2001:db8::1]:8443/weekly"),
        ("https://пошта.бел", "https://xn--80a1acn3a.xn--90ais"),
        ("https://Пошта.бел:8443/weekly/", "https://xn--80a1acn3a.xn--90ais:8443/weekly"),
    ],
)
def test_a_web_address_travels_in_ascii(written: str, travels: str) -> None:
    """It stands in List headers, which allow nothing else."""
    assert web_address(written) == travels


@pytest.mark.parametrize(
    "written",
    [
        "",
        "news.example.org",
        "ftp://news.example.org",
        "https://",
        "https://news.example.org:0",
        "https://news.example.org:x",
        "https://me:secret@news.example.org",
        "https://me@пошта.бел",
        "https://news.example.org?a=b",
        "https://news.example.org/пошта",
        "https://пошта.бел/пошта",
        "https://news.exa mple.org",
        "https://news.example.org\r\nBcc: a",
        "https://[::1",
        "https://ex\u0430mple.org",
    ],
)
def test_what_is_no_web_address_is_refused(written: str) -> None:
    """A sentence goes on with what to write."""
    with pytest.raises(ValueError, match=r"write it (as https://news\.example\.org|in one)$"):
        web_address(written)
