"""The addresses that providers call, /hooks/NAME: first the proof, then the store, then 200.

What was said is read later, by the backlog. A caller who is not believed learns a status and nothing else;
while the database is away they are told to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.bounces.limits import Tally
from mailer.bounces.providers.reading import read_event
from mailer.bounces.stored import Arrived, sealed
from mailer.domain.consequence import NEVER_KEPT
from mailer.errors import StorageError
from mailer.storage import Transaction, reports, spent_proofs
from mailer.storage.reports import Report
from mailer.web.armour import PRIVATE
from mailer.web.hooks.call import Call, Inquiry
from mailer.web.hooks.mailgun import from_mailgun
from mailer.web.hooks.sendgrid import from_sendgrid
from mailer.web.hooks.ses import SesHook
from mailer.web.hooks.shared_secret import from_brevo, from_postmark
from mailer.web.hooks.trust import NotBelieved, Trust, Unreachable
from mailer.web.site import Site

Hook: TypeAlias = Callable[[Trust, Inquiry], Awaitable[Call]]

MOST_BODY_BYTES = 1_000_000
_OK, _LATER = 200, 503
_WAIT = {"Retry-After": "60"}
_IN_ONE_GO = 20
"""So many events are sealed at once; more are left to a thread."""
_log = structlog.get_logger()


def routes(site: Site) -> list[Route]:
    """Return the addresses; one whose provider is not set up answers 404."""
    hooks: dict[str, Hook] = {
        "ses": SesHook(site.trust),
        "sendgrid": from_sendgrid,
        "mailgun": from_mailgun,
        "postmark": from_postmark,
        "brevo": from_brevo,
    }
    # One line a minute and address: strangers must not fill the log.
    said = Tally(1)
    return [
        Route(
            f"/hooks/{door}",
            partial(_take, site, said, door, hook),
            methods=["POST"],
            max_body_size=MOST_BODY_BYTES,
        )
        for door, hook in hooks.items()
    ]


async def _take(site: Site, said: Tally, door: str, hook: Hook, request: Request) -> Response:
    now = site.clock()
    try:
        call = await hook(site.trust, Inquiry(request.headers, await request.body(), now))
        await _keep(site, door, call)
    except NotBelieved as refusal:
        if not said.is_over(door, now.timestamp()):
            _log.warning("hook.refused", provider=door, status=refusal.status, reason=refusal.reason)
        return Response(status_code=refusal.status, headers=PRIVATE)
    except (Unreachable, StorageError) as error:
        if not said.is_over(door, now.timestamp()):
            _log.error("hook.not_taken", provider=door, error=type(error).__name__)
        return Response(status_code=_LATER, headers={**PRIVATE, **_WAIT})
    return Response(status_code=_OK, headers=PRIVATE)


async def _keep(site: Site, door: str, call: Call) -> None:
    """Store the events of a call, all or none; return once that is durable."""
    prepare = partial(_sealed, site, door, call)
    found = prepare() if len(call.events) <= _IN_ONE_GO else await asyncio.to_thread(prepare)
    if not found:
        return

    def work(tx: Transaction) -> bool:
        # A token that was used may be one that was overheard: what comes with it again is not looked at.
        if call.once is not None:
            if spent_proofs.is_spent(tx, call.once.digest):
                return False
            spent_proofs.spend(tx, call.once.digest, call.once.until)
        return sum(reports.add(tx, report) for report in found) > 0

    if await site.database.write(work, urgent=True):
        site.trust.stored()


def _sealed(site: Site, door: str, call: Call) -> list[Report]:
    """Return what is worth storing, sealed; opens and deliveries are nobody's business."""
    now = site.clock()
    return [
        sealed(site.vault, Arrived(door, "", "", event.raw, event.event_id), now)
        for event in call.events
        if read_event(door, event.raw).kind not in NEVER_KEPT
    ]
