"""Which text each reader gets in each cell of the grid: the plan an edition is rendered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.domain.commentary import Commentary
from mailer.domain.finding import Check, Finding, blocking, warning
from mailer.domain.language import Language
from mailer.domain.missing import LEAVE_OUT, MissingRule
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period


@dataclass(frozen=True, slots=True)
class Cell:
    """One commentary in the language it is shown in."""

    topic: str
    language: Language


@dataclass(frozen=True, slots=True)
class Plan:
    """What one edition holds: the main language and, by topic, the language of each text."""

    language: Language
    cells: tuple[Cell, ...]

    @property
    def key(self) -> str:
        """A stable written form: ``be society=be russia=ru``."""
        return " ".join([self.language, *(f"{cell.topic}={cell.language}" for cell in self.cells)])


@dataclass(frozen=True, slots=True)
class Grid:
    """The commentaries of a period by topic, in the newsletter's order; resting topics are gone."""

    newsletter: Newsletter
    period: Period
    commentaries: tuple[Commentary, ...]


def arrange(
    newsletter: Newsletter, period: Period, commentaries: Sequence[Commentary]
) -> tuple[Grid, list[Finding]]:
    """Lay out the grid of a period and say what is missing from it.

    Design §3: a topic without a ready text in any language rests, unless it is required; a cell
    without a ready text needs a rule, and a rule whose text is not ready holds the issue.
    """
    by_topic = {commentary.topic: commentary for commentary in commentaries}
    kept: list[Commentary] = []
    findings: list[Finding] = []
    for topic in newsletter.topics_in(period):
        commentary = by_topic.get(topic.slug)
        if commentary is None or not commentary.ready_languages():
            findings.append(_resting(topic.slug, commentary, period, required=topic.required))
            continue
        kept.append(commentary)
        findings += _unfilled(newsletter, commentary)
        if commentary.trend is None:
            findings.append(
                warning(
                    Check.TREND_MISSING,
                    f"{topic.slug} has no trend",
                    f"add the line “trend: unchanged” (or improved, worsened) to its texts of {period.key}",
                    where=topic.slug,
                )
            )
    if not kept:
        findings.append(
            blocking(
                Check.NO_TEXT,
                f"{period.key} has no ready text in any topic",
                "import texts with “state: ready” (mailer commentary import FOLDER)",
            )
        )
    grid = Grid(newsletter, period, tuple(kept))
    findings += [_empty(language) for language in newsletter.languages if kept and _is_empty(grid, language)]
    return grid, findings


def rule_for(newsletter: Newsletter, commentary: Commentary, language: Language) -> MissingRule | None:
    """Return the editor's rule for a cell without a ready text, or None where none is named."""
    return commentary.missing.get(language) or newsletter.missing.get(language)


def plan_for(grid: Grid, language: Language, choice: MissingRule | None) -> Plan:
    """Say which texts a reader gets.

    Args:
        grid: of the issue.
        language: the reader's main language.
        choice: what the reader chose for texts that are not translated; None takes the editor's rule.
    """
    cells = []
    for commentary in grid.commentaries:
        shown = _shown_in(grid.newsletter, commentary, language, choice)
        if shown is not None:
            cells.append(Cell(commentary.topic, shown))
    return Plan(language, tuple(cells))


def _shown_in(
    newsletter: Newsletter, commentary: Commentary, language: Language, choice: MissingRule | None
) -> Language | None:
    if commentary.ready(language):
        return language
    rule = choice or rule_for(newsletter, commentary, language)
    if rule is None or rule.lender is None or not commentary.ready(rule.lender):
        return None
    return rule.lender


def _is_empty(grid: Grid, language: Language) -> bool:
    """Tell whether the rules leave every text out for readers who did not choose."""
    left_out = MissingRule(None)
    return all(
        not each.ready(language) and rule_for(grid.newsletter, each, language) == left_out
        for each in grid.commentaries
    )


def _empty(language: Language) -> Finding:
    return warning(
        Check.LANGUAGE_EMPTY,
        f"every text is left out in {language}: its readers get no issue this time",
        where=language,
    )


def _resting(topic: str, commentary: Commentary | None, period: Period, *, required: bool) -> Finding:
    drafts = sorted(commentary.texts) if commentary else []
    state = f"only drafts ({', '.join(drafts)})" if drafts else "no text"
    remedy = (
        f"write “state: ready” in {topic}.*.md of {period.key}" if drafts else f"import a text for {topic}"
    )
    if required:
        message = f"{topic} has {state} in {period.key} and is required"
        return blocking(Check.TOPIC_RESTS, message, remedy, where=topic)
    message = f"{topic} rests: it has {state} in {period.key} and is left out"
    return warning(Check.TOPIC_RESTS, message, where=topic)


def _unfilled(newsletter: Newsletter, commentary: Commentary) -> list[Finding]:
    findings = []
    ready = commentary.ready_languages()
    for language in newsletter.languages:
        if language in ready:
            continue
        rule = rule_for(newsletter, commentary, language)
        cell = f"{commentary.topic} has no ready text in {language}"
        where = f"{commentary.topic}.{language}"
        if rule is None:
            choices = " or ".join(f"“missing.{language}: {word}”" for word in [LEAVE_OUT, *sorted(ready)])
            findings.append(
                blocking(
                    Check.CELL_MISSING,
                    cell,
                    f"add the line {choices} to any text of {commentary.topic} of {commentary.period.key}",
                    where=where,
                )
            )
        elif rule.lender is not None and rule.lender not in ready:
            findings.append(
                blocking(
                    Check.CELL_MISSING,
                    f"{cell} and its rule takes it in {rule.lender}, which is not ready either",
                    f"finish the text in {rule.lender}, or add the line “missing.{language}: {LEAVE_OUT}”",
                    where=where,
                )
            )
    return findings
