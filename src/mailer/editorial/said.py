"""Every word that an issue shows its readers, with the name people know it by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailer.domain.issue import Issue
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.plan import Grid


@dataclass(frozen=True, slots=True)
class Said:
    """Some words of an issue.

    Attributes:
        name: what a sentence calls them: ``russia.be`` for a body, ``the footer in be``.
        where: the text or words to mend: ``russia.be`` for its headline too.
        is_markdown: else they are plain.
        has_pictures: whether pictures come with them when they are imported.
    """

    name: str
    where: str
    language: Language
    words: str
    is_markdown: bool = False
    has_pictures: bool = False


def in_texts(grid: Grid) -> Iterator[Said]:
    """Yield the words of the ready commentaries."""
    for commentary in grid.commentaries:
        for language in sorted(commentary.ready_languages()):
            text, where = commentary.texts[language], f"{commentary.topic}.{language}"
            yield Said(where, where, language, text.body, is_markdown=True, has_pictures=True)
            for part, words in (("headline", text.headline), ("lead", text.lead), ("author", text.author)):
                yield Said(f"the {part} of {where}", where, language, words)


def about_issue(issue: Issue) -> Iterator[Said]:
    """Yield what editors say about the issue itself."""
    for language, said in issue.words.items():
        yield _said("subject", language, said.subject)
        yield _said("preheader", language, said.preheader)
        yield _said("opening note", language, said.opening_note, is_markdown=True)
        yield _said("closing notice", language, said.closing_notices, is_markdown=True)


def of_newsletter(newsletter: Newsletter) -> Iterator[Said]:
    """Yield the sentences that stand in every issue."""
    for language, words in newsletter.footer.items():
        yield _said("footer", language, words, is_markdown=True)
    wordings = {
        "title": newsletter.title,
        "overview title": newsletter.overview_title,
        "description": newsletter.description,
    }
    wordings |= {f"title of topic {topic.slug}": topic.title for topic in newsletter.topics}
    for name, wording in wordings.items():
        for language, words in wording.items():
            yield _said(name, language, words)


def names_of(newsletter: Newsletter) -> Iterator[Said]:
    """Yield the names and addresses that stand in every issue; they may be in any language."""
    wordings = {
        "address line": newsletter.address_line,
        "sender name": newsletter.sender_name,
        "discreet sender name": newsletter.discreet_sender_name,
        "discreet subject": newsletter.discreet_subject,
    }
    for name, wording in wordings.items():
        for language, words in wording.items():
            yield _said(name, language, words)


def _said(name: str, language: Language, words: str, *, is_markdown: bool = False) -> Said:
    return Said(f"the {name} in {language}", f"the {name} in {language}", language, words, is_markdown)
