"""Skeletons of Letters, rendered once per kind, language and newsletter."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailer.domain.content import LetterContent, LetterKind
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter
from mailer.domain.subscription import CONFIRM_VALID, INVITE_VALID
from mailer.editorial.contents import imprint
from mailer.rendering import holes
from mailer.rendering.letterhead import Letterhead, letter_skeleton
from mailer.rendering.skeleton import Skeleton


def letterhead(newsletter: Newsletter, language: Language, links: Links) -> Letterhead:
    """Return who a mail of *newsletter* in *language* is from."""
    return Letterhead(
        newsletter=newsletter.slug,
        title=newsletter.title[language],
        sender=newsletter.sender,
        sender_name=newsletter.sender_name.get(language) or newsletter.title[language],
        reply_to=newsletter.reply_to.get(language, ""),
        language=language,
        links=links,
    )


@dataclass(slots=True)
class Letterpress:
    """Keeps each skeleton once it was rendered; a changed newsletter gets a new one."""

    links: Links
    _plates: dict[tuple[LetterKind, Language, str], tuple[Newsletter, Skeleton]] = field(default_factory=dict)

    def skeleton(self, kind: LetterKind, newsletter: Newsletter, language: Language) -> Skeleton:
        """Return the skeleton of a letter.

        Raises:
            RenderingError: a template is wrong.
        """
        key = (kind, language, newsletter.slug)
        known = self._plates.get(key)
        if known is None or known[0] != newsletter:
            known = (newsletter, self._render(kind, newsletter, language))
            self._plates[key] = known
        return known[1]

    def _render(self, kind: LetterKind, newsletter: Newsletter, language: Language) -> Skeleton:
        # Imported when the first letter is sent: a process that sends none needs no template engine.
        from mailer.rendering.letter import render_letter

        content = LetterContent(
            kind=kind,
            language=language,
            title=newsletter.title[language],
            description=newsletter.description.get(language, ""),
            action_url=self._action(kind, language),
            home_url=self.links.home(language),
            valid_days=(INVITE_VALID if kind is LetterKind.INVITE else CONFIRM_VALID).days,
            imprint=imprint(newsletter, language, self.links),
        )
        return letter_skeleton(render_letter(content), letterhead(newsletter, language, self.links), kind)

    def _action(self, kind: LetterKind, language: Language) -> str:
        match kind:
            case LetterKind.CONFIRM | LetterKind.INVITE:
                return self.links.confirm(language, holes.SECRET)
            case LetterKind.MANAGE:
                return self.links.manage(language, holes.SECRET)
            case LetterKind.WELCOME | LetterKind.ALREADY:
                return self.links.unsubscribe(holes.TOKEN)
            case LetterKind.GOODBYE:
                return self.links.home(language)
