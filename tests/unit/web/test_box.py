"""What a visitor sends with the subscribe box is taken or shown again with one thing to mend."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter
from mailer.web.form import read_fields
from mailer.web.public.box import Mistake, Refused, empty_box, read_sign_up

BE, RU, EN = Language.BELARUSIAN, Language.RUSSIAN, Language.ENGLISH
WEEKLY = Newsletter("weekly", (BE, RU), "Europe/Warsaw", "a@example.org", {BE: "Т", RU: "Н"})
DAILY = Newsletter("daily", (BE, RU, EN), "Europe/Warsaw", "a@example.org", {BE: "Д", RU: "Д", EN: "D"})
FIELDS = {"newsletter": "weekly", "address": "a@example.org", "language": "ru", "missing": ""}


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("", None),
        ("leave-out", MissingRule(None)),
        ("be", MissingRule(BE)),
        ("ru", None),
    ],
)
def test_a_choice_for_missing_texts(missing: str, expected: MissingRule | None) -> None:
    """None, leave out or another language; the main language itself is no choice."""
    form = read_sign_up({**FIELDS, "missing": missing}, [WEEKLY], BE)

    assert (form.newsletters, form.language, form.missing) == (("weekly",), RU, expected)


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"address": ""}, Mistake.ADDRESS),
        ({"address": "nobody"}, Mistake.ADDRESS),
        ({"address": "a@example.org, b@example.org"}, Mistake.ADDRESS),
        ({"address": "a@example.org\r\nBcc: b@example.org"}, Mistake.ADDRESS),
        ({"address": "a\x00@example.org"}, Mistake.ADDRESS),
        ({"address": "a" * 10_000 + "@example.org"}, Mistake.ADDRESS),
        ({"address": "\ud800@example.org"}, Mistake.ADDRESS),
        ({"language": "en"}, Mistake.LANGUAGE),
        ({"language": "en", "newsletter": "daily weekly"}, Mistake.LANGUAGE),
        ({"language": "xx"}, Mistake.CHOICE),
        ({"missing": "en"}, Mistake.LANGUAGE),
        ({"missing": "hide"}, Mistake.CHOICE),
        ({"newsletter": "monthly"}, Mistake.CHOICE),
        ({"newsletter": "weekly monthly"}, Mistake.CHOICE),
        ({"newsletter": ""}, Mistake.NEWSLETTER),
    ],
)
def test_what_can_not_be_taken_names_its_mistake(fields: dict[str, str], mistake: Mistake) -> None:
    """The address, or a choice that the box does not offer."""
    with pytest.raises(Refused) as refused:
        read_sign_up({**FIELDS, **fields}, [WEEKLY, DAILY], BE)

    assert refused.value.box.mistake is mistake


def test_the_box_comes_back_as_it_was_filled() -> None:
    """Nobody has to choose twice, and what is typed is kept without what can't be seen."""
    fields = {**FIELDS, "address": "\x00a at example\u202e", "missing": "leave-out"}

    with pytest.raises(Refused) as refused:
        read_sign_up(fields, [DAILY, WEEKLY], BE)

    box = refused.value.box
    assert (box.chosen, box.language, box.missing, box.address) == (
        frozenset({"weekly"}),
        RU,
        "leave-out",
        "a at example",
    )


def test_a_form_without_a_language_takes_that_of_the_page() -> None:
    """A form embedded elsewhere may have one field only, where there is one newsletter."""
    form = read_sign_up({"address": "a@example.org"}, [WEEKLY], BE)

    assert (form.newsletters, form.language, form.missing) == (("weekly",), BE, None)


def test_several_newsletters_are_asked_for_once_each() -> None:
    """In the order in which they were ticked; with several on offer, none is taken without being ticked."""
    fields = read_fields(b"newsletter=daily&newsletter=weekly&newsletter=daily&address=a%40example.org")

    assert read_sign_up(fields, [WEEKLY, DAILY], BE).newsletters == ("daily", "weekly")
    with pytest.raises(Refused) as refused:
        read_sign_up({"address": "a@example.org"}, [WEEKLY, DAILY], BE)
    assert refused.value.box.mistake is Mistake.NEWSLETTER


def test_a_language_goes_with_newsletters_that_have_it() -> None:
    """Whoever ticks only those is taken; for what isn't translated one of them is enough."""
    daily = read_sign_up({**FIELDS, "newsletter": "daily", "language": "en"}, [WEEKLY, DAILY], BE)
    both = read_sign_up({**FIELDS, "newsletter": "daily weekly", "missing": "en"}, [WEEKLY, DAILY], BE)

    assert (daily.language, both.language, both.missing) == (EN, RU, MissingRule(EN))


def test_a_newsletter_that_lacks_a_language_is_named() -> None:
    """With the language, and no other newsletter."""
    fields = {**FIELDS, "newsletter": "daily weekly", "language": "en"}

    with pytest.raises(Refused) as refused:
        read_sign_up(fields, [WEEKLY, DAILY], BE)

    assert (refused.value.box.lacking, refused.value.box.language) == (((WEEKLY, EN),), EN)


def test_a_box_offers_the_languages_of_any_of_its_newsletters() -> None:
    """Which of them go with what is ticked, the server says afterwards: the page has no script."""
    box = empty_box([DAILY, WEEKLY], RU)

    assert box is not None
    assert (box.languages, box.chosen) == ((BE, RU, EN), frozenset())
    english = empty_box([DAILY, WEEKLY], EN)
    assert english is not None
    assert english.newsletters == (DAILY,)
    assert empty_box([WEEKLY], EN) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"address=a%40example.org&missing=", {"address": "a@example.org", "missing": ""}),
        ("address=ў@example.org".encode(), {"address": "ў@example.org"}),
        (b"address=\xff%ff", {"address": "\ufffd\ufffd"}),
        (b"", {}),
        (b"a=1&a=2", {"a": "1 2"}),
        (b"&".join(b"a=1" for _ in range(101)), {}),
        (b'--x\r\nContent-Disposition: form-data; name="address"\r\n\r\na\r\n--x--\r\n', None),
    ],
)
def test_a_body_is_read_or_holds_no_field(body: bytes, expected: dict[str, str] | None) -> None:
    """Whatever arrives, fields come out and no error."""
    found = read_fields(body)

    assert "address" not in found if expected is None else found == expected


words = st.text(st.characters(), max_size=40)


@given(st.dictionaries(st.sampled_from([*FIELDS, "other"]), words))
@example({"newsletter": "weekly", "address": "a@" + "xn--" * 10})
@example({"newsletter": "weekly", "address": '"a b"@example.org'})
def test_any_form_is_taken_or_refused(fields: dict[str, str]) -> None:
    """No combination of words does anything else."""
    with suppress(Refused):
        asked = read_sign_up({**FIELDS, **fields}, [WEEKLY, DAILY], RU).newsletters
        assert {"weekly", "daily"}.issuperset(asked)


@given(st.binary())
def test_any_body_has_fields(body: bytes) -> None:
    """Bytes of any kind are a form, perhaps an empty one."""
    assert isinstance(read_fields(body), dict)
