"""The demonstration itself: readers sign up through the real pages, mail goes over a real socket.

The mail provider is the outbox: it keeps every mail, puts some off and refuses some, by script; and some
that it took come back later, to our own door for returned mail.
"""

from __future__ import annotations

import asyncio
import email
import email.message
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mailer.bootstrap import Installation, Service, open_installation, utc_now
from mailer.cli.demo_readers import REACTIONS, SCRIPT, Applicant, applicants
from mailer.cli.demo_report import Report, blamed
from mailer.cli.output import in_every_language
from mailer.config import RelaySettings, Settings
from mailer.delivery.release import release
from mailer.domain.books import Books
from mailer.domain.issue import IssueState
from mailer.editorial import draft
from mailer.editorial.draft import Draft
from mailer.editorial.importing import import_newsletter, import_texts
from mailer.editorial.operators import set_password
from mailer.editorial.sample import sample_newsletter, sample_texts
from mailer.errors import MailerError
from mailer.outbox.far_side import FarSide
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from mailer.outbox.relay import Relay
from mailer.outbox.script import parse_script
from mailer.storage import books, consequences, issues, letters, return_stats
from mailer.storage.media import Media

_SLUG = "belarus-weekly"
OPERATOR = "desk"
"""Who can log in to the desk of the demonstration."""
_BROWSERS = 16
_POLL_S = 0.1
# Which of the readers leave by the link of their issue: every so many.
_LEAVER_EVERY = 25
T = TypeVar("T")
_LINK = re.compile(r"<(https?://[^<>]+)>")
_CONFIRM = re.compile(r"https?://[^/\s]+(/\w\w/confirm/[\w-]{43})")


class Demonstration:
    """One run of the whole cycle in one folder."""

    def __init__(self, settings: Settings, readers: int, *, desk_password: str) -> None:
        self._settings = settings
        self._applicants = applicants(readers)
        self._mailbox = Mailbox(settings.data / "outbox")
        self._relay = Relay(self._mailbox, witness=self._see)
        self._far_side = FarSide(REACTIONS, clock=utc_now)
        self._confirmable: asyncio.Queue[str] = asyncio.Queue()
        self._leave_links: list[str] = []
        self._issue_mails = 0
        self._confirmed = 0
        self.desk_password = desk_password

    @asynccontextmanager
    async def running(self, on: socket.socket | None) -> AsyncIterator[None]:
        """Run relay, sender and pages for as long as the context lasts."""
        await self._relay.start()
        relay = RelaySettings(host="127.0.0.1", port=self._relay.port, tls="none")
        settings = self._settings.model_copy(update={"relay": relay}).beside(self._settings.folder)
        try:
            async with open_installation(settings) as self._installation:
                kept = Outbox(self._mailbox)
                self._service = Service(self._installation, kept=kept)
                if on is not None:
                    await set_password(self._installation.database, OPERATOR, self.desk_password)
                async with self._service.running(on):
                    yield
        finally:
            await self._relay.stop()

    async def play(self) -> Report:
        """Import, sign up, confirm, build, release, send, leave; return what became of the issue."""
        began = time.monotonic()
        here = self._installation
        newsletter = sample_newsletter()
        period = draft.last_period(newsletter, here.clock())
        await import_newsletter(here.database, newsletter)
        await import_texts(here.database, Media(here.settings.data), sample_texts(period))
        with _progress() as progress:
            await self._sign_up(progress)
            self._relay.play(parse_script(SCRIPT, "the demo's script"))
            drafted = await draft.build(here.database, newsletter, period, words={}, now=here.clock())
            await self._release(here, drafted.issue.id)
            await self._send(progress, drafted.issue.id)
            await self._come_back(progress)
            await self._leave(progress)
        return await self._report(drafted, period.key, time.monotonic() - began)

    async def _report(self, drafted: Draft, week: str, seconds: float) -> Report:
        read, issue_id = self._installation.database.read, drafted.issue.id
        counted = await read(lambda tx: books.by_language(tx, issue_id))
        return Report(
            newsletter=drafted.newsletter.slug,
            week=week,
            books=in_every_language(counted, drafted.newsletter.languages),
            returns=await read(lambda tx: return_stats.by_group(tx, issue_id)),
            sent_back_count=self._far_side.brought.total(),
            blamed_count=blamed(await read(lambda tx: consequences.counts(tx, issue_id))),
            mail_count=self._mailbox.count(),
            seconds=seconds,
        )

    async def _see(self, receipt: Receipt) -> None:
        """Do what a reader does with a mail that arrives: keep the link they will press."""
        if not receipt.accepted:
            return
        message = email.message_from_bytes(receipt.content)
        # Issues alone say so (rendering/letterhead.py); a welcome can be left in one click as well.
        if message["Precedence"] == "bulk":
            writes_back = self._far_side.note(receipt)
            if self._issue_mails % _LEAVER_EVERY == 0 and not writes_back:
                self._leave_links.append(_link_in(message["List-Unsubscribe"]))
            self._issue_mails += 1
            return
        part = message.get_payload(0)
        assert isinstance(part, email.message.Message)
        text = part.get_payload(decode=True)
        assert isinstance(text, bytes)
        if found := _CONFIRM.search(text.decode()):
            self._confirmable.put_nowait(found[1])

    async def _sign_up(self, progress: Progress) -> None:
        count = len(self._applicants)
        signing, confirming = (progress.add_task(name, total=count) for name in ("Sign up", "Confirm"))
        async with self._browser() as browser, asyncio.TaskGroup() as group:
            group.create_task(
                _each(self._applicants, lambda each: _subscribe(browser, each), _ticker(progress, signing))
            )
            for _ in range(_BROWSERS):
                group.create_task(self._confirm_all(browser, count, _ticker(progress, confirming)))
        await self._until(lambda: self._installation.database.read(lambda tx: letters.waiting(tx) == 0))

    async def _confirm_all(self, browser: httpx.AsyncClient, count: int, tick: Callable[[], None]) -> None:
        """Open and press confirm links until every reader has; an empty link says that all have."""
        while path := await self._confirmable.get():
            _ok(await browser.get(path))
            _ok(await browser.post(path))
            tick()
            self._confirmed += 1
            if self._confirmed == count:
                for _ in range(_BROWSERS):
                    self._confirmable.put_nowait("")

    async def _release(self, here: Installation, issue_id: int) -> None:
        presence = here.presence()
        await presence.enter()
        try:
            await release(here.database, issue_id, here.terms(presence.id, here.clock()))
        finally:
            await presence.leave()
        self._service.wake()

    async def _send(self, progress: Progress, issue_id: int) -> None:
        task = progress.add_task("Send", total=len(self._applicants))

        async def is_sent() -> bool:
            counted = await self._installation.database.read(lambda tx: books.by_language(tx, issue_id))
            total = sum(counted.values(), Books())
            progress.update(task, completed=total.audience - total.pending, total=total.audience)
            issue = await self._installation.database.read(lambda tx: issues.get(tx, issue_id))
            return issue.state is IssueState.SENT

        await self._until(is_sent)

    async def _come_back(self, progress: Progress) -> None:
        """Let the far side bring what comes back, and have all of it read."""
        task = progress.add_task("Come back", total=self._far_side.waiting_count)
        room = self._service.mail_room
        assert room.smtp is not None
        await self._far_side.bring("127.0.0.1", room.smtp.port, tick=_ticker(progress, task))
        await room.catch_up()

    async def _leave(self, progress: Progress) -> None:
        links = self._leave_links
        task = progress.add_task("Unsubscribe", total=len(links))
        async with self._browser() as browser:
            await _each(links, lambda link: _one_click(browser, link), _ticker(progress, task))
        await self._until(lambda: self._installation.database.read(lambda tx: letters.waiting(tx) == 0))

    @asynccontextmanager
    async def _browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client that asks our own pages, without a socket between."""
        transport = httpx.ASGITransport(self._service.app)
        async with httpx.AsyncClient(transport=transport, base_url=self._installation.links.base) as client:
            yield client

    async def _until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        while not await holds():  # noqa: ASYNC110 - the database is the truth, and it has no event
            await asyncio.sleep(_POLL_S)


async def _subscribe(browser: httpx.AsyncClient, applicant: Applicant) -> None:
    form = {
        "newsletter": _SLUG,
        "address": applicant.address,
        "language": applicant.language,
        "missing": applicant.choice,
    }
    _ok(await browser.post(f"/{applicant.language}/subscribe", data=form))


async def _one_click(browser: httpx.AsyncClient, link: str) -> None:
    # RFC 8058 §3.1: this body and no other sign that a person is there.
    _ok(await browser.post(link, data={"List-Unsubscribe": "One-Click"}))


def _link_in(leave: str) -> str:
    """Return the page that List-Unsubscribe names; an address may stand beside it (RFC 2369 §2)."""
    found = _LINK.search(leave)
    assert found is not None
    return found[1]


async def _each(items: Iterable[T], work: Callable[[T], Awaitable[None]], tick: Callable[[], None]) -> None:
    """Do *work* for every item, a few at a time, as so many browsers would."""
    waiting = iter(items)

    async def browse() -> None:
        for item in waiting:
            await work(item)
            tick()

    async with asyncio.TaskGroup() as group:
        for _ in range(_BROWSERS):
            group.create_task(browse())


def _ok(answer: httpx.Response) -> None:
    if answer.is_error:
        raise MailerError(
            f"the demo's own pages answer {answer.status_code}; is the disk full? "
            "Make room, or name another folder with --keep"
        )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def _ticker(progress: Progress, task: TaskID) -> Callable[[], None]:
    return lambda: progress.advance(task)
