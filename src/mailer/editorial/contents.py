"""What each edition says: a plan of the grid, filled with texts, words and links."""

from __future__ import annotations

from collections.abc import Sequence

from mailer.domain.content import Block, EditionContent, Imprint
from mailer.domain.issue import Issue, IssueWords
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter
from mailer.domain.plan import Grid, Plan, plan_for
from mailer.rendering import holes


def every_choice(language: Language) -> list[MissingRule | None]:
    """Return every answer a reader can give to "If a text isn't translated", none given first."""
    lenders: Sequence[Language | None] = [None, *(other for other in Language if other != language)]
    return [None, *(MissingRule(lender) for lender in lenders)]


def choice_word(choice: MissingRule | None) -> str | None:
    """Return a choice as it is stored: ``leave-out``, a language, or None."""
    return None if choice is None else str(choice)


def plans(grid: Grid) -> dict[tuple[Language, str | None], Plan]:
    """Return the plan of every reader there can be, by main language and stored choice.

    A reader whose language this newsletter lacks chose it for another one: they get the first here.
    """
    offered = grid.newsletter.languages
    ordered = [*offered, *(language for language in Language if language not in offered)]
    return {
        (language, choice_word(choice)): plan_for(grid, language, choice)
        if language in offered
        else plan_for(grid, offered[0], None)
        for language in ordered
        for choice in every_choice(language)
    }


def edition_content(grid: Grid, issue: Issue, plan: Plan, links: Links) -> EditionContent:
    """Return what the edition of *plan* says."""
    newsletter, language = grid.newsletter, plan.language
    said = issue.words.get(language, IssueWords())
    return EditionContent(
        language=language,
        title=newsletter.title[language],
        heading=newsletter.heading(language),
        period=grid.period,
        subject=said.subject,
        preheader=said.preheader,
        opening_note=said.opening_note,
        blocks=_blocks(grid, plan),
        web_url=links.issue(language, newsletter.slug, grid.period.key),
        subscribe_url=links.home(language),
        unsubscribe_url=links.unsubscribe(holes.TOKEN),
        closing_notices=said.closing_notices,
        media_url=links.media,
        manage_url=links.settings(language),
        imprint=imprint(newsletter, language, links),
    )


def imprint(newsletter: Newsletter, language: Language, links: Links) -> Imprint:
    """Return what every mail of a newsletter says about its publisher."""
    return Imprint(
        theme=newsletter.theme,
        logo_url=links.picture(newsletter.theme.logo) if newsletter.theme.logo else "",
        footer=newsletter.footer.get(language, ""),
        address_line=newsletter.address_line.get(language, ""),
    )


def _blocks(grid: Grid, plan: Plan) -> tuple[Block, ...]:
    commentaries = {commentary.topic: commentary for commentary in grid.commentaries}
    titles = {topic.slug: topic.title[plan.language] for topic in grid.newsletter.topics}
    return tuple(
        Block(
            topic=cell.topic,
            topic_title=titles[cell.topic],
            trend=commentaries[cell.topic].trend,
            text=commentaries[cell.topic].texts[cell.language],
        )
        for cell in plan.cells
    )
