"""The buttons on the page of one's settings, by the word that each sends in the field ``do``.

Each returns the page that follows, or None when the link no longer works. Each may be pressed again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import orjson
from starlette.responses import Response

from mailer.audience import choices, erasure, new_address, own_data, settings_link
from mailer.audience.address import NotAnAddress
from mailer.domain.language import Language
from mailer.domain.missing import LEAVE_OUT, MissingRule
from mailer.domain.time_off import NoBreak, break_until
from mailer.web.armour import PRIVATE
from mailer.web.public.settings_page import Note, Visit, show_settings

Press: TypeAlias = Callable[[Visit], Awaitable[Response | None]]


async def _languages(visit: Visit) -> Response | None:
    settings = await visit.settings()
    if settings is None:
        return None
    offered = visit.offered(settings)
    language = next((each for each in offered if each == visit.fields.get("language")), None)
    missing = visit.fields.get("missing", "")
    if language is None or missing not in {"", LEAVE_OUT, *offered}:
        return await show_settings(visit, Note.NO_CHOICE)
    # To take a Russian text in Russian where it is missing is no choice.
    rule = None if missing in ("", language) else _rule(missing)
    now = visit.site.clock()
    await choices.choose_languages(visit.site.database, visit.secret, language, rule, now=now)
    return await show_settings(visit, Note.SAVED)


def _rule(missing: str) -> MissingRule:
    return MissingRule(None if missing == LEAVE_OUT else Language(missing))


async def _add(visit: Visit) -> Response | None:
    slug, site = visit.fields.get("newsletter", ""), visit.site
    if slug not in {newsletter.slug for newsletter in visit.known}:
        return await show_settings(visit, Note.NO_CHOICE)
    await choices.add(site.database, site.vault, visit.secret, slug, now=site.clock())
    site.wake()
    return await show_settings(visit, Note.SAVED)


async def _leave(visit: Visit) -> Response | None:
    slug, site = visit.fields.get("newsletter", ""), visit.site
    if slug not in {newsletter.slug for newsletter in visit.known}:
        return await show_settings(visit, Note.NO_CHOICE)
    now = site.clock()
    if not await choices.leave(site.database, site.vault, site.link_keys, visit.secret, slug, now=now):
        return None
    site.wake()
    # With the last newsletter the address goes, and nothing is left to be set.
    return await show_settings(visit, Note.SAVED) or visit.page("settings_left")


async def _break(visit: Visit) -> Response | None:
    settings = await visit.settings()
    if settings is None:
        return None
    try:
        until = break_until(
            visit.fields.get("until", ""), today=visit.today(settings), zone=visit.zone(settings)
        )
    except NoBreak:
        return await show_settings(visit, Note.NO_DAY)
    await choices.take_break(visit.site.database, visit.secret, until, now=visit.site.clock())
    return await show_settings(visit, Note.SAVED)


async def _end_break(visit: Visit) -> Response | None:
    await choices.take_break(visit.site.database, visit.secret, None, now=visit.site.clock())
    return await show_settings(visit, Note.SAVED)


async def _discreet(visit: Visit) -> Response | None:
    database, now = visit.site.database, visit.site.clock()
    await choices.be_discreet(database, visit.secret, is_discreet=True, now=now)
    return await show_settings(visit, Note.SAVED)


async def _open(visit: Visit) -> Response | None:
    database, now = visit.site.database, visit.site.clock()
    await choices.be_discreet(database, visit.secret, is_discreet=False, now=now)
    return await show_settings(visit, Note.SAVED)


async def _move(visit: Visit) -> Response | None:
    site, address = visit.site, visit.fields.get("address", "")
    try:
        await new_address.ask_both(site.database, site.vault, visit.secret, address, now=site.clock())
    except NotAnAddress:
        return await show_settings(visit, Note.NO_ADDRESS)
    except new_address.SameAddress:
        return await show_settings(visit, Note.SAME_ADDRESS)
    site.wake()
    return await show_settings(visit, Note.ASKED_BOTH)


async def _export(visit: Visit) -> Response | None:
    site = visit.site
    everything = await own_data.export(site.database, site.vault, visit.secret, now=site.clock())
    if everything is None:
        return None
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="everything-stored-about-me.json"'}
    return Response(orjson.dumps(everything, option=orjson.OPT_INDENT_2), 200, headers, "application/json")


async def _erase(visit: Visit) -> Response | None:
    """Ask once more."""
    return None if await visit.settings() is None else visit.page("settings_erase")


async def _erase_now(visit: Visit) -> Response | None:
    keeps_block = visit.fields.get("keep") == "fingerprint"
    site = visit.site
    if not await erasure.erase(
        site.database, site.vault, visit.secret, keeps_block=keeps_block, now=site.clock()
    ):
        return None
    return visit.page("settings_erased")


async def _done(visit: Visit) -> Response | None:
    await settings_link.close(visit.site.database, visit.secret)
    return visit.page("settings_closed")


PRESSES: Final[Mapping[str, Press]] = {
    "languages": _languages,
    "add": _add,
    "leave": _leave,
    "break": _break,
    "end-break": _end_break,
    "discreet": _discreet,
    "open": _open,
    "move": _move,
    "export": _export,
    "erase": _erase,
    "erase-now": _erase_now,
    "done": _done,
}
