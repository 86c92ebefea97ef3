"""Every mail this product sends, in every language, for programs that judge mail to look at.

Each comes out of what sends it in earnest: the packaged sample, templates, letterhead, composer and signer.
The same moment gives the same bytes, but for the signature: its key is new in each run.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from mailer.audience.keys import seeded_keys
from mailer.audience.vault import Vault
from mailer.delivery.copy import Composer, Copy
from mailer.delivery.dkim import Signer
from mailer.delivery.letterpress import Letterpress, letterhead
from mailer.delivery.signing import Signing
from mailer.domain.commentary import Commentary
from mailer.domain.content import LetterKind, Proof
from mailer.domain.issue import Issue, IssueKind, IssueState
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.period import week
from mailer.domain.plan import Grid, arrange, plan_for
from mailer.domain.token import Token
from mailer.editorial.commentary_file import CommentaryFile
from mailer.editorial.contents import edition_content
from mailer.editorial.importing import merged
from mailer.editorial.sample import sample_commentaries, sample_newsletter
from mailer.rendering.discretion import discreet_mail, discreet_sender_name
from mailer.rendering.edition import render_edition
from mailer.rendering.enclosure import enclosure
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.skeleton import Skeleton
from mailer.storage.letters import Letter

EDITION = "edition"
PROOF = "proof"
DISCREET = "discreet"
"""The kinds of mail that are no Letters."""
NAMES = [f"{kind}-{language}" for kind in (EDITION, PROOF, DISCREET, *LetterKind) for language in Language]
"""Of all mails, in their order: for the names of tests."""
MOMENT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""When mails are sent, if nobody says otherwise."""
RECIPIENT = "first.reader@example.net"
"""Whose copy each is."""
SIGNING = Signing("example.org", "week", generate_private_key(65537, 2048))
"""As whom they are signed; ``SIGNING.record`` is what DNS must say."""

_WEEK = week(2026, 47)
_LINKS = Links("https://news.example.org", mail_domain="bounces.example.org")
_KEYS = seeded_keys(b"mailer: every kind of mail")
_READER = b"first reader"
_SECRET = "x_Y" * 14 + "z"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as a reader gets it.

    Attributes:
        kind: ``edition``, ``proof``, ``discreet``, or a LetterKind.
        language: of the mail.
        skeleton: before the reader's own values came in; the same for every reader.
        return_path: MAIL FROM.
        message: signed, CRLF line ends, to the byte what goes over the wire.
        subject, html, text: as a mail program decodes them, LF line ends; a discreet mail has no html.
    """

    kind: str
    language: Language
    skeleton: Skeleton
    return_path: str
    message: bytes
    subject: str
    html: str
    text: str

    @property
    def name(self) -> str:
        """One of NAMES, as ``edition-be``."""
        return f"{self.kind}-{self.language}"


@cache
def every_mail(at: datetime = MOMENT) -> Sequence[Mail]:
    """Return each kind of mail in each language, editions first.

    Args:
        at: when they are sent, aware; what judges them by its own clock wants now.
    """
    # In a thread of its own, because the test that asks may be inside an event loop.
    with ThreadPoolExecutor(1) as thread:
        return tuple(thread.submit(lambda: asyncio.run(_compose(at))).result())


async def _compose(at: datetime) -> list[Mail]:
    signer = Signer(SIGNING, clock=lambda: at)
    composer = Composer(_KEYS, Vault(_KEYS), _LINKS.mail_domain, signer).of(sample_newsletter())
    try:
        proof = Proof(("Russia has no trend: add the line “trend: unchanged” to its texts of 2026-W47.",))
        copies = [
            *_editions(composer, at, EDITION, None),
            *_editions(composer, at, PROOF, proof),
            *_discreet(composer, at),
            *_letters(composer, at),
        ]
        return [
            _mail(kind, language, skeleton, copy.return_path, await copy.signed())
            for kind, language, skeleton, copy in copies
        ]
    finally:
        signer.close()


_Made = tuple[str, Language, Skeleton, Copy]


def _editions(composer: Composer, at: datetime, kind: str, proof: Proof | None) -> Iterator[_Made]:
    """Yield the sample issue, as it is frozen, or as those see it who look before."""
    newsletter = sample_newsletter()
    grid = _sample_grid()
    issue = Issue(1, newsletter.slug, IssueKind.REGULAR, _WEEK, IssueState.DRAFT, at)
    for language in Language:
        content = edition_content(grid, issue, plan_for(grid, language, None), _LINKS)
        skeleton = edition_skeleton(
            render_edition(replace(content, proof=proof)),
            letterhead(newsletter, language, _LINKS),
            issue_key=_WEEK.key,
            date=at,
        )
        yield (
            kind,
            language,
            skeleton,
            composer.copy_to(RECIPIENT, skeleton, Token(_READER, issue=issue.id)),
        )


def _discreet(composer: Composer, at: datetime) -> Iterator[_Made]:
    """Yield the sample issue as discreet readers get it."""
    newsletter = sample_newsletter()
    grid = _sample_grid()
    issue = Issue(1, newsletter.slug, IssueKind.REGULAR, _WEEK, IssueState.DRAFT, at)
    for language in Language:
        content = edition_content(grid, issue, plan_for(grid, language, None), _LINKS)
        head = letterhead(newsletter, language, _LINKS).discreet(discreet_sender_name(language))
        mail = discreet_mail(render_edition(content))
        skeleton = edition_skeleton(mail, head, issue_key=_WEEK.key, date=at)
        copy = composer.copy_to(RECIPIENT, skeleton, Token(_READER, issue=issue.id))
        yield DISCREET, language, skeleton, copy


def _letters(composer: Composer, at: datetime) -> Iterator[_Made]:
    newsletter = sample_newsletter()
    press = Letterpress(_LINKS)
    enclosed = enclosure(b"From: jan@example.net\nSubject: Thanks\n\nA good issue.\n").decode()
    inside = {"to": RECIPIENT, "secret": _SECRET, "reply_to": "jan@example.net", "enclosed": enclosed}
    sealed = composer.vault.seal_values(inside, _READER)
    for kind in LetterKind:
        for language in Language:
            skeleton = press.skeleton(kind, newsletter, language)
            letter = Letter(kind, language, newsletter.slug, _READER, _READER, sealed, at, at)
            yield kind.value, language, skeleton, composer.letter_copy(skeleton, letter, 1)


def _sample_grid() -> Grid:
    by_topic: dict[str, list[CommentaryFile]] = {}
    for file in sample_commentaries(_WEEK):
        if file.period == _WEEK:
            by_topic.setdefault(file.topic, []).append(file)
    commentaries = [merged(Commentary(topic, _WEEK), files) for topic, files in by_topic.items()]
    return arrange(sample_newsletter(), _WEEK, commentaries)[0]


def _mail(kind: str, language: Language, skeleton: Skeleton, return_path: str, message: bytes) -> Mail:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    text, html = (
        part.get_content().replace("\r\n", "\n") if (part := parsed.get_body((subtype,))) is not None else ""
        for subtype in ("plain", "html")
    )
    return Mail(kind, language, skeleton, return_path, message, parsed["Subject"], html, text)
