"""The rules for missing texts and resting topics (design §3), with the words that hold an issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.finding import Finding, Severity
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter, Topic
from mailer.domain.period import parse_period
from mailer.domain.plan import Cell, Grid, Plan, arrange, plan_for, rule_for
from mailer.domain.trend import Trend

BE, RU, EN = Language
PERIOD = parse_period("2026-W47")
LEAVE_OUT = MissingRule(None)
Rules = Mapping[Language, MissingRule]


def lend(language: Language) -> MissingRule:
    return MissingRule(language)


def topic(slug: str, position: int = 1, **values: object) -> Topic:
    return replace(Topic(slug, position, {}), **values)  # type: ignore[arg-type]


def newsletter(*topics: Topic, missing: Rules | None = None) -> Newsletter:
    return Newsletter(
        "weekly", (BE, RU, EN), "Europe/Warsaw", "a@example.org", {},
        topics=topics or (topic("west"),), missing=missing or {},
    )  # fmt: skip


def commentary(slug: str, ready: str, *, drafts: str = "", missing: Rules | None = None) -> Commentary:
    states = dict.fromkeys(ready.split(), TextState.READY) | dict.fromkeys(drafts.split(), TextState.DRAFT)
    texts = {Language(tag): Text(Language(tag), state, "Headline", "Body") for tag, state in states.items()}
    return Commentary(slug, PERIOD, Trend.UNCHANGED, texts, missing or {})


def findings(weekly: Newsletter, *commentaries: Commentary) -> list[Finding]:
    return arrange(weekly, PERIOD, commentaries)[1]


def grid(commentary: Commentary, rules: Rules | None = None) -> Grid:
    return Grid(newsletter(missing=rules), PERIOD, (commentary,))


def test_a_whole_grid_has_nothing_to_say() -> None:
    """Every cell ready: no finding."""
    assert findings(newsletter(), commentary("west", "be ru en")) == []


def test_topics_stand_in_the_newsletters_order() -> None:
    """By position, whatever the order of texts or of the file."""
    weekly = newsletter(topic("west", 3), topic("elite", 1), topic("society", 2))
    texts = [commentary(slug, "be ru en") for slug in ("society", "west", "elite")]

    arranged, found = arrange(weekly, PERIOD, texts)

    assert [kept.topic for kept in arranged.commentaries] == ["elite", "society", "west"]
    assert found == []


def test_a_topic_without_a_text_rests() -> None:
    """It is warned of and left out."""
    weekly = newsletter(topic("west", 1), topic("russia", 2))

    arranged, found = arrange(weekly, PERIOD, [commentary("west", "be ru en")])

    assert [kept.topic for kept in arranged.commentaries] == ["west"]
    assert [(one.severity, str(one)) for one in found] == [
        (Severity.WARNING, "russia rests: it has no text in 2026-W47 and is left out")
    ]


def test_a_topic_of_drafts_rests() -> None:
    """Drafts fill nothing; the warning names them."""
    weekly = newsletter(topic("west", 1), topic("russia", 2))
    texts = [commentary("west", "be ru en"), commentary("russia", "", drafts="ru be")]

    assert [str(one) for one in findings(weekly, *texts)] == [
        "russia rests: it has only drafts (be, ru) in 2026-W47 and is left out"
    ]


@pytest.mark.parametrize(
    ("drafts", "sentence"),
    [
        ("", "russia has no text in 2026-W47 and is required: import a text for russia"),
        (
            "en",
            (
                "russia has only drafts (en) in 2026-W47 and is required: "
                "write “state: ready” in russia.*.md of 2026-W47"
            ),
        ),
    ],
)
def test_a_required_topic_holds(drafts: str, sentence: str) -> None:
    """It does not rest; the sentence says what to write."""
    weekly = newsletter(topic("west", 1), topic("russia", 2, required=True))
    texts = [commentary("west", "be ru en"), *([commentary("russia", "", drafts=drafts)] if drafts else [])]

    found = findings(weekly, *texts)

    assert [(one.severity, str(one)) for one in found] == [(Severity.BLOCKING, sentence)]


@pytest.mark.parametrize(
    ("active_from", "active_until", "is_asked"),
    [
        (None, None, True),
        (date(2026, 11, 22), None, True),
        (date(2026, 11, 23), None, False),
        (None, date(2026, 11, 16), True),
        (None, date(2026, 11, 15), False),
    ],
)
def test_a_topic_is_asked_for_only_while_it_is_active(
    active_from: date | None,
    active_until: date | None,
    is_asked: bool,  # noqa: FBT001 - a table
) -> None:
    """One day of the period is enough."""
    russia = topic("russia", 2, active_from=active_from, active_until=active_until, required=True)

    found = findings(newsletter(topic("west", 1), russia), commentary("west", "be ru en"))

    assert bool(found) is is_asked


def test_an_issue_without_a_single_text_is_held() -> None:
    """All topics resting is no issue."""
    found = findings(newsletter())

    assert [one.severity for one in found] == [Severity.WARNING, Severity.BLOCKING]
    assert str(found[1]) == (
        "2026-W47 has no ready text in any topic: "
        "import texts with “state: ready” (mailer commentary import FOLDER)"
    )


def test_a_cell_without_a_rule_holds_and_prints_the_line_to_add() -> None:
    """The lenders offered are the languages that are ready."""
    found = findings(newsletter(), commentary("west", "ru", drafts="en"))

    assert [(one.severity, str(one)) for one in found] == [
        (
            Severity.BLOCKING,
            (
                f"west has no ready text in {language}: add the line “missing.{language}: leave-out” or "
                f"“missing.{language}: ru” to any text of west of 2026-W47"
            ),
        )
        for language in ("be", "en")
    ]


def test_the_printed_line_mends_the_issue() -> None:
    """A rule in the text, or in the newsletter, lets it go."""
    rules = {BE: lend(RU), EN: LEAVE_OUT}

    for found in (
        findings(newsletter(), commentary("west", "ru", missing=rules)),
        findings(newsletter(missing=rules), commentary("west", "ru")),
    ):
        assert [str(one) for one in found] == [
            "every text is left out in en: its readers get no issue this time"
        ]
        assert found[0].severity is Severity.WARNING


def test_a_rule_whose_text_is_not_ready_holds() -> None:
    """The sentence names both ways out."""
    found = findings(newsletter(missing={BE: lend(RU), RU: lend(EN)}), commentary("west", "en"))

    assert [(one.severity, str(one)) for one in found[:1]] == [
        (
            Severity.BLOCKING,
            (
                "west has no ready text in be and its rule takes it in ru, which is not ready either: "
                "finish the text in ru, or add the line “missing.be: leave-out”"
            ),
        )
    ]


def test_a_language_in_which_all_is_left_out_is_warned_of() -> None:
    """Its readers would get an issue without a text, so they get none; that must not come as a surprise."""
    found = findings(newsletter(missing={EN: LEAVE_OUT}), commentary("west", "be ru"))

    assert [(one.severity, str(one)) for one in found] == [
        (Severity.WARNING, "every text is left out in en: its readers get no issue this time")
    ]


def test_a_texts_rule_goes_before_the_newsletters() -> None:
    """What is said of this topic and week counts more than what is said for all."""
    weekly = newsletter(missing={BE: lend(EN), EN: LEAVE_OUT})
    west = commentary("west", "ru", missing={BE: lend(RU)})

    assert rule_for(weekly, west, BE) == lend(RU)
    assert rule_for(weekly, west, EN) == LEAVE_OUT
    assert rule_for(weekly, west, RU) is None


def test_a_missing_trend_is_warned_of() -> None:
    """It holds nothing; the line to add is printed."""
    found = findings(newsletter(), replace(commentary("west", "be ru en"), trend=None))

    assert [(one.severity, str(one)) for one in found] == [
        (
            Severity.WARNING,
            (
                "west has no trend: add the line “trend: unchanged” (or improved, worsened) "
                "to its texts of 2026-W47"
            ),
        )
    ]


@pytest.mark.parametrize(
    ("ready", "rule", "choice", "shown"),
    [
        # The reader's own language is shown whatever anybody chose.
        ("be ru", lend(RU), LEAVE_OUT, "be"),
        # Who did not choose gets the editor's rule.
        ("ru", lend(RU), None, "ru"),
        ("ru", LEAVE_OUT, None, None),
        # Who chose gets that choice: the other language if it is ready, else left out.
        ("ru en", lend(RU), lend(EN), "en"),
        ("ru", lend(RU), lend(EN), None),
        ("ru", lend(RU), LEAVE_OUT, None),
        ("ru", LEAVE_OUT, lend(RU), "ru"),
    ],
)
def test_a_readers_choice_decides_once_a_rule_is_named(
    ready: str, rule: MissingRule, choice: MissingRule | None, shown: str | None
) -> None:
    """The cell of a Belarusian reader, by what is ready, the editor's rule and the reader's choice."""
    plan = plan_for(grid(commentary("west", ready), {BE: rule}), BE, choice)

    assert [cell.language for cell in plan.cells] == ([shown] if shown else [])


def test_a_draft_is_never_lent() -> None:
    """Neither a rule nor a choice publishes what its editor has not finished."""
    west = commentary("west", "en", drafts="ru")

    assert plan_for(grid(west, {BE: lend(RU)}), BE, None).cells == ()
    assert plan_for(grid(west, {BE: lend(EN)}), BE, lend(RU)).cells == ()


def test_without_a_rule_nothing_is_shown() -> None:
    """Such an issue is held; if it were not, nothing would be borrowed unasked."""
    assert plan_for(grid(commentary("west", "ru")), BE, None).cells == ()


def test_the_key_names_language_and_cells() -> None:
    """Readers with the same key share an edition."""
    plan = Plan(BE, (Cell("society", BE), Cell("russia", RU)))

    assert plan.key == "be society=be russia=ru"


languages = st.sampled_from(Language)
rules = st.builds(MissingRule, st.none() | languages)
texts = st.dictionaries(languages, st.sampled_from(TextState))


@given(st.lists(texts, max_size=3), st.dictionaries(languages, rules), languages, st.none() | rules)
def test_a_plan_only_ever_shows_ready_texts(
    cells: list[dict[Language, TextState]], named: Rules, language: Language, choice: MissingRule | None
) -> None:
    """Whatever is missing and whoever chose what; and the own language is never replaced."""
    commentaries = [
        Commentary(str(number), PERIOD, None, {tag: Text(tag, state, "H", "B") for tag, state in of.items()})
        for number, of in enumerate(cells)
    ]
    topics = [topic(str(number), number) for number in range(len(cells))]
    arranged, _ = arrange(newsletter(*topics, missing=named), PERIOD, commentaries)

    plan = plan_for(arranged, language, choice)

    by_topic = {one.topic: one for one in commentaries}
    assert all(by_topic[cell.topic].ready(cell.language) for cell in plan.cells)
    shown = {cell.topic: cell.language for cell in plan.cells}
    assert all(shown[one.topic] is language for one in commentaries if one.ready(language))
