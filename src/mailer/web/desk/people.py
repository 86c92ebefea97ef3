"""Letters from people that came to a return path and were handed to nobody: read here, then put away.

Here alone an address may stand: of whoever wrote, in their own letter, because it wants an answer.
"""

from __future__ import annotations

from functools import partial

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.bounces.forwarding import open_letter, people_waiting, put_away
from mailer.errors import NotFound
from mailer.storage import Transaction, operators
from mailer.web.armour import PRIVATE
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import show
from mailer.web.desk.issue import number_of
from mailer.web.site import Site

_log = structlog.get_logger()


def routes(site: Site) -> list[Route]:
    """Return the routes of letters from people."""
    return [
        guarded(site, "/desk/returned/letters/{id}", _letter),
        guarded(site, "/desk/returned/letters/{id}/done", _done, method="POST"),
    ]


async def _letter(visit: Visit) -> Response:
    number, site = number_of(visit), visit.site
    await site.database.read(partial(_check_waits, number=number, site=site))
    letter = await site.database.read(lambda tx: open_letter(tx, site.vault, number))
    if letter is None:
        raise NotFound("This letter is kept no more.")
    return show(visit, "desk/letter.html", letter=letter)


async def _done(visit: Visit) -> Response:
    number, site = number_of(visit), visit.site

    def work(tx: Transaction) -> str:
        _check_waits(tx, number, site)
        put_away(tx, number, site.clock())
        return operators.name_of(tx, visit.session.operator_id)

    operator = await site.database.write(work)
    _log.info("returned.letter_done", report=number, operator=operator)
    return RedirectResponse(f"{site.paths.base}/desk/returned", 303, PRIVATE)


def _check_waits(tx: Transaction, number: int, site: Site) -> None:
    """Raise NotFound unless this is a letter that waits: other returned mail is nobody's to read."""
    if number not in people_waiting(tx, site.clock()):
        raise NotFound("No letter with this number waits for you any more.")
