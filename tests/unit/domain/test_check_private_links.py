"""A link that belongs to one reader is seen in any words, and its secret is never said again."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.checks.private_links import hidden, own_pages, readers_own_link
from mailer.domain.checks.references import Place, place_of
from mailer.domain.finding import Check, Severity
from mailer.domain.language import Language
from mailer.domain.links import Links

BASE = "https://news.example.org"
U = f"{BASE}/u/…"
SECRETS = ("token", "secret")


@pytest.mark.parametrize(
    ("words", "pages"),
    [
        ("", []),
        ("My link https://news.example.org/u/AbCd", [U]),
        ("(https://news.example.org/u/AbCd).", [U]),
        ("news.example.org/u/AbCd", [U]),
        ("HTTP://NEWS.EXAMPLE.ORG/U/AbCd", [U]),
        ("[u](https://news.example.org/u/a), <https://news.example.org/u/b>", [U]),
        (r"https://news\.example\.org/u/Ab\_Cd", [U]),
        ("https://news.example.org&#47;u/AbCd", [U]),
        ("news.example.org/en/confirm/xyz", [f"{BASE}/en/confirm/…"]),
        (
            "news.example.org/be/manage/x news.example.org/be/back/x",
            [f"{BASE}/be/manage/…", f"{BASE}/be/back/…"],
        ),
        ("https://news.example.org/be/manage", []),
        ("https://news.example.org/u/", []),
        ("https://news.example.org/us/2026", []),
        ("https://oldnews.example.org/u/AbCd", []),
        ("https://news.example.org.example.net/u/AbCd", []),
        (f"write to unsubscribe+{'a2' * 22}@bounces.example.org", ["unsubscribe+…@"]),
        ("unsubscribe+me@example.org", []),
    ],
)
def test_a_readers_own_page_is_seen(words: str, pages: list[str]) -> None:
    """Bare, in brackets, escaped or in capitals; each page once, and nothing of other sites."""
    assert own_pages(words, BASE) == pages


def test_every_address_with_a_secret_is_known() -> None:
    """Whoever adds a page for one reader to domain/links.py teaches the checks of it."""
    links = Links(BASE, mail_domain="bounces.example.org")
    secret = "a2" * 22
    of_readers = []
    for name, method in inspect.getmembers(Links, inspect.isfunction):
        wanted = [each for each in inspect.signature(method).parameters if each != "self"]
        if not set(SECRETS) & set(wanted):
            continue
        given_ = {each: secret if each in SECRETS else Language.ENGLISH for each in wanted}
        of_readers.append(str(getattr(links, name)(**given_)))

    assert len(of_readers) >= 6
    assert all(own_pages(f"See {url}.", BASE) for url in of_readers)
    assert {place_of(url, BASE) for url in of_readers if url.startswith("https:")} == {Place.READERS_OWN}


def test_a_site_without_an_address_has_no_pages() -> None:
    """Nothing is ours there."""
    assert own_pages("https://news.example.org/u/AbCd", "") == []


def test_a_secret_is_hidden() -> None:
    """Whatever the site, for who reads the finding needs no more."""
    assert hidden("[u](/u/AbCd) https://example.org/be/move/x?y=1 end") == (
        "[u](/u/…) https://example.org/be/move/… end"
    )


def test_the_finding_names_the_place() -> None:
    """And holds the issue."""
    found = readers_own_link(U, "the lead of russia.be", "russia.be")

    assert (found.check, found.severity, found.where) == (
        Check.READERS_OWN_LINK,
        Severity.BLOCKING,
        "russia.be",
    )
    assert f"a link in the lead of russia.be leads to {U}, which belongs to one reader" in found.message


@given(
    st.text(st.sampled_from("/u\\&#47;.news example.org https:")), st.sampled_from([BASE, "", "http://[::1]"])
)
def test_any_words_get_an_answer(words: str, base: str) -> None:
    """Whatever their escapes."""
    own_pages(words, base)
