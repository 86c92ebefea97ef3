"""Skeletons of Letters, rendered once per kind, language and newsletter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import structlog

from mailer.domain.content import LetterContent, LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter
from mailer.domain.subscription import CONFIRM_VALID, INVITE_VALID, UNDO_VALID
from mailer.editorial.contents import imprint
from mailer.errors import MailerError
from mailer.rendering import holes
from mailer.rendering.apart import NotStarted, render_apart
from mailer.rendering.enclosure import enclosing
from mailer.rendering.letterhead import Letterhead, letter_skeleton
from mailer.rendering.skeleton import Skeleton
from mailer.rendering.theme_folder import OURS_ALONE, Stamp, Themes, stamp

_RENDER_S = 20.0
"""Others wait meanwhile; all Letters of a newsletter take about a second."""

_VALID = {LetterKind.INVITE: INVITE_VALID, LetterKind.GOODBYE: UNDO_VALID}
_Plate: TypeAlias = tuple[LetterKind, Language]
_log = structlog.get_logger()


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


@dataclass(frozen=True, slots=True)
class _Plates:
    """Every Letter of a newsletter that has templates of its own.

    Attributes:
        stamp: of the templates they are made with.
        skeletons: none where the templates are broken.
        reason: why there are none.
    """

    newsletter: Newsletter
    stamp: Stamp
    skeletons: Mapping[_Plate, Skeleton]
    reason: str = ""


@dataclass(slots=True)
class Letterpress:
    """Keeps each skeleton once it was rendered; a changed newsletter or theme gets a new one.

    A Letter is waited for: somebody has just asked for it. So a theme that is broken costs no Letter:
    it goes out in our own form, and the log says why.

    Attributes:
        links: of the site.
        themes: each newsletter's own templates.
    """

    links: Links
    themes: Themes = OURS_ALONE
    _ours: dict[tuple[str, _Plate, bool, tuple[str, ...]], tuple[Newsletter, Skeleton]] = field(
        default_factory=dict
    )
    _themed: dict[str, _Plates] = field(default_factory=dict)

    async def prepare(self, newsletters: Iterable[Newsletter]) -> None:
        """Look whether the templates of *newsletters* have changed, and render what did, in a process apart.

        Without it, or where it fails, ``skeleton`` returns our own form.
        """
        for newsletter in {each.slug: each for each in newsletters}.values():
            await asyncio.to_thread(self._prepare, newsletter)

    def skeleton(
        self,
        kind: LetterKind,
        newsletter: Newsletter,
        language: Language,
        *,
        is_discreet: bool = False,
        titles: tuple[str, ...] = (),
    ) -> Skeleton:
        """Return the skeleton of a letter; a reader of another newsletter's language gets the first here.

        A discreet reader's is plain text under a neutral name and subject. That, and what is about
        several newsletters at once (*titles*), is in our own form always.

        Raises:
            RenderingError: a template of ours is wrong.
        """
        if language not in newsletter.languages:
            language = newsletter.languages[0]
        plate = (kind, language)
        themed = self._themed.get(newsletter.slug)
        if (
            themed is not None
            and themed.newsletter == newsletter
            and plate in themed.skeletons
            and not is_discreet
            and not titles
        ):
            return themed.skeletons[plate]
        known = self._ours.get((newsletter.slug, plate, is_discreet, titles))
        if known is None or known[0] != newsletter:
            render = self._render_discreet if is_discreet else self._render
            content = replace(self._content(kind, newsletter, language), titles=titles)
            known = (newsletter, render(content, newsletter))
            self._ours[newsletter.slug, plate, is_discreet, titles] = known
        return known[1]

    def _prepare(self, newsletter: Newsletter) -> None:
        known = self._themed.get(newsletter.slug)
        seen: Stamp = ()
        try:
            theme = self.themes.of(newsletter.slug)
            if theme is None:
                self._themed.pop(newsletter.slug, None)
                return
            # Before the files are read: what changes meanwhile is seen the next time.
            seen = stamp(theme)
            if known is not None and (known.newsletter, known.stamp) == (newsletter, seen):
                return
            made = _Plates(newsletter, seen, self._render_all(newsletter, theme))
        except Exception as error:  # noqa: BLE001 - the body of a loop: whatever it is, it costs no Letter
            # Only our own sentences are known to hold no address.
            reason = str(error) if isinstance(error, MailerError) else type(error).__name__
            # Where the machine is at fault, the same files are tried again at the next Letter.
            made = _Plates(newsletter, () if isinstance(error, NotStarted) else seen, {}, reason)
            if made != known:
                _log.error("letterpress.theme_not_used", newsletter=newsletter.slug, reason=made.reason)
        self._themed[newsletter.slug] = made

    def _render_all(self, newsletter: Newsletter, theme: Path) -> dict[_Plate, Skeleton]:
        """Render every kind of Letter in every language: one process for all takes a second."""
        plates = [(kind, language) for language in newsletter.languages for kind in LetterKind]
        said = [self._content(kind, newsletter, language) for kind, language in plates]
        mails = render_apart(said, timeout_s=_RENDER_S, folder=theme)
        return {
            (kind, language): self._skeleton(mail, kind, newsletter, language)
            for (kind, language), mail in zip(plates, mails, strict=True)
        }

    def _render(self, content: LetterContent, newsletter: Newsletter) -> Skeleton:
        # Imported when the first letter is sent: a process that sends none needs no template engine.
        from mailer.rendering.letter import render_letter

        return self._skeleton(render_letter(content), content.kind, newsletter, content.language)

    def _render_discreet(self, content: LetterContent, newsletter: Newsletter) -> Skeleton:
        from mailer.rendering.discretion import discreet_letter, discreet_sender_name
        from mailer.rendering.letter import render_letter

        language = content.language
        name = discreet_sender_name(language, newsletter.discreet_sender_name.get(language, ""))
        plain = letterhead(newsletter, language, self.links).discreet(name)
        return letter_skeleton(discreet_letter(render_letter(content)), plain, content.kind)

    def _skeleton(
        self, mail: RenderedMail, kind: LetterKind, newsletter: Newsletter, language: Language
    ) -> Skeleton:
        head = letterhead(newsletter, language, self.links)
        if kind is LetterKind.FORWARD:
            # Its answers go to whoever wrote what it encloses.
            return enclosing(letter_skeleton(mail, replace(head, reply_to=""), kind))
        return letter_skeleton(mail, head, kind)

    def _content(self, kind: LetterKind, newsletter: Newsletter, language: Language) -> LetterContent:
        return LetterContent(
            kind=kind,
            language=language,
            title=newsletter.title[language],
            description=newsletter.description.get(language, ""),
            action_url=self._action(kind, language),
            home_url=self.links.home(language),
            valid_days=_VALID.get(kind, CONFIRM_VALID).days,
            manage_url=self.links.settings(language),
            imprint=imprint(newsletter, language, self.links),
        )

    def _action(self, kind: LetterKind, language: Language) -> str:
        match kind:
            case LetterKind.CONFIRM | LetterKind.INVITE:
                return self.links.confirm(language, holes.SECRET)
            case LetterKind.MANAGE:
                return self.links.manage(language, holes.SECRET)
            case LetterKind.MOVE_IN | LetterKind.MOVE_OUT:
                return self.links.move(language, holes.SECRET)
            case LetterKind.WELCOME | LetterKind.ALREADY:
                return self.links.unsubscribe(holes.TOKEN)
            case LetterKind.GOODBYE:
                return self.links.way_back(language, holes.SECRET)
            case LetterKind.FORWARD:
                return self.links.returned_mail
