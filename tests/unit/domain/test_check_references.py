"""A link that leads nowhere and a picture that is not there are found before readers meet them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.checks.references import (
    IssuePage,
    Known,
    Place,
    References,
    Shown,
    bad_references,
    place_of,
)
from mailer.domain.finding import Check, Severity

BASE = "https://news.example.org"
NAME = "0123456789abcdef-1120x630.jpg"
THIS, BEFORE = (IssuePage("be", "weekly", f"2026-W{number}") for number in (47, 46))
KNOWN = Known(BASE, frozenset({BEFORE}), {THIS: ["russia", "west"]}, frozenset({NAME}))
HOLDS, WARNS = Severity.BLOCKING, Severity.WARNING
DEAD = [(Check.DEAD_LINK, WARNS)]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.org/news.example.org/be/", None),
        ("https://news.example.org.example.net/", None),
        ("mailto:desk@news.example.org", None),
        ("https://[news", None),
        ("#russia", None),
        (BASE, Place.STANDING),
        (f"{BASE}/", Place.STANDING),
        (f"{BASE}/be/", Place.STANDING),
        ("HTTPS://NEWS.EXAMPLE.ORG/be/#subscribe", Place.STANDING),
        ("http://news.example.org/en/?a=b", Place.STANDING),
        (f"{BASE}/be", Place.UNKNOWN),
        (f"{BASE}/de/", Place.UNKNOWN),
        (f"{BASE}/be/weekly/2026-W47", THIS),
        (f"{BASE}/be/weekly/2026-W47#west", THIS),
        (f"{BASE}/be/weekly/2026-W47/", Place.UNKNOWN),
        (f"{BASE}/u/{'a' * 36}", Place.READERS_OWN),
        (f"{BASE}/ru/confirm/{'s' * 43}", Place.READERS_OWN),
        (f"{BASE}/ru/manage/{'s' * 43}", Place.READERS_OWN),
        (f"{BASE}/ru/move/{'s' * 43}", Place.READERS_OWN),
        (f"{BASE}/ru/back/{'s' * 43}", Place.READERS_OWN),
        (f"{BASE}/ru/manage", Place.STANDING),
        (f"{BASE}/ru/check-mail", Place.STANDING),
        (f"{BASE}/ru/embed", Place.STANDING),
        (f"{BASE}/u/", Place.UNKNOWN),
        (f"{BASE}/media/{NAME}", Place.MEDIA),
        (f"{BASE}/about", Place.UNKNOWN),
    ],
)
def test_an_address_of_ours_is_read(url: str, place: IssuePage | Place | None) -> None:
    """By its host and path; whatever is not on our site is nobody's business here."""
    assert place_of(url, BASE) == place


def test_a_site_below_a_path_owns_nothing_above_it() -> None:
    """The newsroom's own pages may stand beside it."""
    below = "https://example.org/letters"

    assert place_of("https://example.org/about", below) is None
    assert place_of("https://example.org/lettersandmore", below) is None
    assert place_of("https://example.org/letters/be/weekly/2026-W47", below) == THIS


@pytest.mark.parametrize(
    ("found", "judged"),
    [
        (References(), []),
        (References(links=("https://example.org/gone", "mailto:desk@example.org")), []),
        (References(links=(f"{BASE}/be/weekly/2026-W46",)), []),
        (References(links=(f"{BASE}/be/weekly/2026-W46#anything",)), []),
        (References(links=(f"{BASE}/be/weekly/2026-W45",)), DEAD),
        (References(links=(f"{BASE}/ru/weekly/2026-W46",)), DEAD),
        (References(links=(f"{BASE}/be/weekly/2026-W47#west",)), []),
        (References(links=(f"{BASE}/be/weekly/2026-W47#fn-west-1",)), []),
        (References(links=(f"{BASE}/be/weekly/2026-W47#elite",)), DEAD),
        (References(links=(f"{BASE}/about", f"{BASE}/about")), DEAD),
        (References(links=(f"{BASE}/u/token",)), [(Check.READERS_OWN_LINK, HOLDS)]),
        (References(links=(f"{BASE}/media/{NAME}",)), []),
        (References(links=(f"{BASE}/media/other.jpg",)), [(Check.PICTURE_MISSING, HOLDS)]),
        (References(typed=("[West](#west)",)), DEAD),
        (References(pictures=(Shown(f"media:{NAME}", "A map"),)), []),
        (References(pictures=(Shown("media:other.jpg", "A map"),)), [(Check.PICTURE_MISSING, HOLDS)]),
        (References(pictures=(Shown(f"media:{NAME}", " "),)), [(Check.PICTURE_WITHOUT_WORDS, WARNS)]),
        (
            References(pictures=(Shown("https://example.org/a.png", "A map"),)),
            [(Check.PICTURE_ELSEWHERE, WARNS)],
        ),
    ],
)
def test_what_would_fail_readers_is_said(found: References, judged: list[tuple[Check, Severity]]) -> None:
    """Once each, with the text to mend."""
    said = bad_references(found, KNOWN, "russia.be")

    assert [(one.check, one.severity) for one in said] == judged
    assert all(one.where == "russia.be" and "russia.be" in f"{one}" and one.remedy for one in said)


@pytest.mark.parametrize("path", ["u/{}", "ru/confirm/{}", "ru/manage/{}", "u/{}/x?y=/z"])
def test_no_secret_is_repeated(path: str) -> None:
    """What holds a release is logged."""
    (said,) = bad_references(References((f"{BASE}/{path.format('secret')}",)), KNOWN, "russia.be")

    assert "secret" not in str(said)
    assert f"leads to {BASE}/{path.partition('{')[0]}…, which" in str(said)


@pytest.mark.parametrize(
    "found",
    [
        References(typed=("[u](/u/secret)",)),
        References(links=(f"{BASE}/x/u/secret",)),
        References(pictures=(Shown(f"{BASE}/ru/confirm/secret", ""),)),
    ],
)
def test_what_is_no_link_hides_its_secret_too(found: References) -> None:
    """Brackets that make no link, a dead link and a picture are shown in a finding as well."""
    said = bad_references(found, KNOWN, "russia.be")

    assert said
    assert "secret" not in "".join(map(str, said))


def test_a_picture_is_mended_where_pictures_come_from() -> None:
    """Words that no picture can be imported with get a remedy of their own."""
    found = References(pictures=(Shown("media:gone.jpg", "A map"), Shown("https://example.org/a.png", "A")))

    in_a_text = bad_references(found, KNOWN, "russia.be")
    in_a_footer = bad_references(found, KNOWN, "the footer in be", picture_remedy="take it out")

    assert all("file" in each.remedy for each in in_a_text)
    assert [each.remedy for each in in_a_footer] == ["take it out"] * 2


def test_nothing_is_ours_where_nothing_is_known() -> None:
    """Without a public address and a folder of pictures only what a text itself shows is judged."""
    found = References((f"{BASE}/about",), (), (Shown(f"media:{NAME}", "A map"),))

    assert bad_references(found, Known(), "russia.be") == []


@given(st.text(), st.sampled_from([BASE, "", "https://example.org/letters"]))
def test_any_address_gets_an_answer(url: str, base: str) -> None:
    """Whatever was typed."""
    place_of(url, base)
    place_of(f"{base}/{url}", base)
