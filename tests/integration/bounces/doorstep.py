"""The pages as providers meet them, on each kind of database, with the backlog behind them."""

from __future__ import annotations

from pathlib import Path

import httpx

from mailer.bounces.backlog import Backlog, Desk
from mailer.bounces.providers.reading import WEBHOOK_READERS
from mailer.delivery.release import Terms
from mailer.domain.links import Links
from mailer.storage.media import Media
from mailer.web.app import create_app
from mailer.web.hooks.trust import Trust
from mailer.web.site import Site
from tests.integration.bounces.hook_callers import Callers
from tests.integration.bounces.sorting_room import SortingRoom
from tests.unit.bounces.provider_events import brevo, mailgun, postmark, sendgrid, ses_bounce

GONE = "550 5.1.1 User unknown"
DOORS = tuple(WEBHOOK_READERS)


class Doorstep:
    """The pages of a room, as providers meet them."""

    def __init__(self, room: SortingRoom, trust: Trust, folder: Path) -> None:
        links = Links("https://weekly.example.org")
        self._room = room
        site = Site(
            room.store.database, room.vault, room.keys.link, links, lambda: room.now, wake=lambda: None,
            terms=lambda now: Terms(links, "node", now), media=Media(folder), trust=trust,
        )  # fmt: skip
        self._app = create_app(site)

    def bring(self, *calls: httpx.Request) -> list[int]:
        """Let providers call, one after another; return the status of each."""

        async def work() -> list[int]:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport) as client:
                return [(await client.send(each)).status_code for each in calls]

        return self._room.store.run(work())

    def read(self) -> None:
        """Read all that waits, as the backlog does."""

        async def work() -> None:
            desk = Desk(self._room.matching, self._room.rules, WEBHOOK_READERS)
            backlog = Backlog(self._room.store.database, desk, clock=lambda: self._room.now)
            while await backlog.read_waiting():
                pass

        self._room.store.run(work())


def of_copy(event: bytes, token: str) -> bytes:
    """Return an event about another copy."""
    return event.replace(b"abcdefghijklmnopqrstuvwxyz234567abcdefghijkl", token.encode())


def token_of(room: SortingRoom, reader: int, issue: int) -> str:
    """Return the token of a copy's return path."""
    return room.return_path(reader, issue).partition("@")[0]


def address(event: bytes, number: int) -> bytes:
    """Return an event about another reader."""
    return event.replace(b"reader@example.org", f"reader{number}@example.org".encode())


def a_bounce(
    callers: Callers, door: str, token: str = "", number: int = 1, name: str = "ev"
) -> httpx.Request:
    """Return a provider's call about a mailbox that is gone."""
    made = {
        "ses": lambda: ses_bounce("Permanent", "NoEmail", {"diagnosticCode": f"smtp; {GONE}"}).replace(
            b"0100018f-feedback", name.encode()
        ),
        "sendgrid": lambda: sendgrid("bounce", type="bounce", reason=GONE, sg_event_id=name),
        "mailgun": lambda: mailgun(
            "failed", severity="permanent", id=name, **{"delivery-status": {"message": GONE}}
        ),
        "postmark": lambda: postmark("Bounce", Type="HardBounce", Details=GONE, ID=sum(name.encode())),
        "brevo": lambda: brevo("hard_bounce", reason=GONE, **{"message-id": f"<{name}@example.net>"}),
    }[door]()
    event = address(of_copy(made, token) if token else made, number)
    return carried(callers, door, event, name)


def carried(callers: Callers, door: str, event: bytes, name: str = "ev") -> httpx.Request:
    """Return the call that brings an event."""
    match door:
        case "ses":
            return callers.sns(event, MessageId=name)
        case "mailgun":
            return callers.mailgun(event, token=name)
        case "sendgrid":
            return callers.sendgrid(event)
        case "postmark":
            return callers.postmark(event)
        case _:
            return callers.brevo(event)
