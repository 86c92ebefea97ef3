"""Last week's text is noticed before it goes out again."""

from __future__ import annotations

import pytest

from mailer.domain.checks.repetition import repeated_texts
from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.finding import Check, Severity
from mailer.domain.language import Language
from mailer.domain.period import week

BE, RU, EN = Language
NOW, THEN = week(2026, 47), week(2026, 46)


def commentary(*texts: Text, period: object = NOW) -> Commentary:
    return Commentary("russia", period, texts={text.language: text for text in texts})  # type: ignore[arg-type]


def text(headline: str, body: str, *, language: Language = EN, lead: str = "", ready: bool = True) -> Text:
    return Text(language, TextState.READY if ready else TextState.DRAFT, headline, body, lead)


@pytest.mark.parametrize(
    ("now", "then", "parts"),
    [
        (text("Gas", "New"), text("Oil", "Old"), ""),
        (text("Gas", "New"), text("Gas", "Old"), "headline of russia.en is"),
        (text("Gas", "Same"), text("Oil", "Same"), "body of russia.en is"),
        (text("Gas", "Same"), text("Gas", "Same"), "headline and body of russia.en are"),
        (text("GAS", "Same  text\n"), text("Oil", "Same\ntext"), "body of russia.en is"),
        (text("Gas", ""), text("Oil", ""), ""),
        (text("Gas", "New", lead="No change."), text("Oil", "Old", lead="No change."), ""),
        (text("Gas", "Same", ready=False), text("Gas", "Same"), ""),
        (text("Gas", "Same"), text("Gas", "Same", language=BE), ""),
        (text("«Мінск»", "а"), text("«Мінск»", "б"), "headline of russia.en is"),
    ],
)
def test_a_headline_or_body_that_repeats_is_said(now: Text, then: Text, parts: str) -> None:
    """Whatever its blanks and capitals; a lead may repeat, an empty body and a draft do not count."""
    found = repeated_texts(commentary(now), commentary(then, period=THEN))

    assert [one.message for one in found] == ([f"the {parts} the same as in 2026-W46"] if parts else [])
    assert all((one.check, one.severity) == (Check.TEXT_REPEATED, Severity.WARNING) for one in found)


def test_each_language_is_compared_with_itself() -> None:
    """Only the one that was not rewritten is named."""
    now = commentary(text("Газ", "Новае", language=BE), text("Gas", "Same"))
    then = commentary(text("Нафта", "Старое", language=BE), text("Oil", "Same"), period=THEN)

    assert [one.where for one in repeated_texts(now, then)] == ["russia.en"]


def test_a_new_topic_repeats_nothing() -> None:
    """There was none before."""
    assert repeated_texts(commentary(text("Gas", "New")), None) == []
