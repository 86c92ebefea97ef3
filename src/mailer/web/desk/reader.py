"""The desk's reader page: an address is typed, and what is known of it is shown; nobody is listed.

The address travels in forms only. It stands in no URL, title or log, and no answer may be kept.
"""

from __future__ import annotations

from typing import Final

import structlog
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.address import NotAnAddress, parse_address
from mailer.audience.asking_again import send_now
from mailer.audience.erasure import erase_address
from mailer.audience.inquiry import Card, look_up
from mailer.audience.inquiry_words import NO_LIST, in_words, returned_in_words
from mailer.bounces import decisions
from mailer.errors import InvalidMove
from mailer.storage import operators
from mailer.storage.consequences import Consequence
from mailer.web.desk.door import Handler, Visit, guarded
from mailer.web.desk.frame import show
from mailer.web.site import Site

_SENT: Final = "One mail to confirm is on its way. Links in earlier ones work no more."
_ERASED: Final = "Erased: nothing that is stored here names this reader any more."
_UNDONE: Final = "Undone: the next issue goes to this reader again, as before. They get no mail about it."
_NOT_THIS: Final = "There is nothing to undo any more. Look the reader up again."
_NOTHING: Final = "There was nothing to erase."
_log = structlog.get_logger()


def routes(site: Site) -> list[Route]:
    """Return the routes of the reader page."""
    return [
        guarded(site, "/desk/reader", _form),
        guarded(site, "/desk/reader", _for_address(_card), method="POST"),
        guarded(site, "/desk/reader/send", _for_address(_send), method="POST"),
        guarded(site, "/desk/reader/undo", _for_address(_ask_undo), method="POST"),
        guarded(site, "/desk/reader/undo/yes", _for_address(_undo), method="POST"),
        guarded(site, "/desk/reader/erase", _for_address(_ask), method="POST"),
        guarded(site, "/desk/reader/erase/yes", _for_address(_erase), method="POST"),
    ]


def _for_address(handler: Handler) -> Handler:
    """Return a handler that asks again where what was typed is no address."""

    async def checked(visit: Visit) -> Response:
        try:
            parse_address(visit.fields.get("address", ""))
        except NotAnAddress as error:
            mistake = f"{str(error).capitalize()}; write it as name@example.org."
            return _page(visit, status=422, mistake=mistake)
        return await handler(visit)

    return checked


async def _form(visit: Visit) -> Response:
    return _page(visit)


async def _card(visit: Visit) -> Response:
    return await _shown(visit)


async def _send(visit: Visit) -> Response:
    site = visit.site
    await send_now(site.database, site.vault, visit.fields["address"], now=site.clock())
    site.wake()
    await _note(visit, "reader.asked_again")
    return await _shown(visit, done=_SENT)


async def _ask_undo(visit: Visit) -> Response:
    found = await _undoable(visit)
    zone = (await _looked_up(visit)).zone
    return show(
        visit,
        "desk/reader_undo.html",
        address=visit.fields["address"],
        number=found.id,
        evidence=returned_in_words(found, zone),
    )


async def _undo(visit: Visit) -> Response:
    site, found = visit.site, await _undoable(visit)
    name = await site.database.read(lambda tx: operators.name_of(tx, visit.session.operator_id))
    await decisions.undo(site.database, found.id, operator=name, now=site.clock())
    _log.info("reader.bounce_undone", operator=name, number=found.id)
    return await _shown(visit, done=_UNDONE)


async def _undoable(visit: Visit) -> Consequence:
    """Return what is to be undone, as it was shown: the form names it, so that no other is undone."""
    found = (await _looked_up(visit)).undoable
    if found is None or str(found.id) != visit.fields.get("number"):
        raise InvalidMove(_NOT_THIS)
    return found


async def _ask(visit: Visit) -> Response:
    found = await _looked_up(visit)
    return show(visit, "desk/reader_erase.html", card=found, address=visit.fields["address"])


async def _erase(visit: Visit) -> Response:
    site = visit.site
    found = await erase_address(
        site.database,
        site.vault,
        visit.fields["address"],
        keeps_block="keeps_block" in visit.fields,
        now=site.clock(),
    )
    if found:
        await _note(visit, "reader.erased")
    # The address is not shown again: the page could stay open.
    return _page(visit, done=_ERASED if found else _NOTHING)


async def _shown(visit: Visit, *, done: str = "") -> Response:
    found = await _looked_up(visit)
    sections = in_words(found, visit.site.clock())
    return _page(visit, card=found, sections=sections, address=visit.fields["address"], done=done)


async def _looked_up(visit: Visit) -> Card:
    site = visit.site
    return await look_up(site.database, site.vault, visit.fields["address"], now=site.clock())


def _page(visit: Visit, *, status: int = 200, **values: object) -> Response:
    blank = {"card": None, "sections": (), "address": "", "mistake": "", "done": "", "no_list": NO_LIST}
    return show(visit, "desk/reader.html", status=status, **(blank | values))


async def _note(visit: Visit, event: str) -> None:
    """Log who did it; to whom is nobody's business."""
    name = await visit.site.database.read(lambda tx: operators.name_of(tx, visit.session.operator_id))
    _log.info(event, operator=name)
