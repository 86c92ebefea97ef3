"""Signing up from a program, such as a newsroom's own site: the box without its page.

The rules are those of the box, and so is the answer: the same whoever's address it is. There is no CORS
header: a browser sends JSON to another site only after asking, and no page elsewhere is let in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mailer.audience.signup import SignUpForm, receive
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.armour import PRIVATE
from mailer.web.pages import languages, published
from mailer.web.public.box import Mistake, Refused, offered_in, read_sign_up
from mailer.web.public.challenge import signs_of
from mailer.web.site import Site

_ACCEPTED, _UNSUPPORTED, _UNPROCESSABLE = 202, 415, 422
_TAKEN: Final = "If this address can be subscribed, a mail with a link to confirm is on its way."
_MEND: Final[Mapping[Mistake, str]] = {
    Mistake.ADDRESS: "“address” is no e-mail address; write it as name@example.org",
    Mistake.NEWSLETTER: "“newsletters” is missing; write a list of their names",
    Mistake.CHOICE: (
        "“newsletters”, “language” or “missing” holds what the box of that language does not offer; "
        "take the words from there"
    ),
    Mistake.LANGUAGE: "“missing” is a language that none of these newsletters is published in; leave it out",
}


class Unreadable(ValueError):  # noqa: N818 - reads as what it is where it is caught
    """A request that is no sign-up; says what to mend."""


def routes(site: Site) -> list[Route]:
    """Return the route that programs sign up at."""
    return [Route("/api/subscribe", partial(_subscribe, site), methods=["POST"])]


async def _subscribe(site: Site, request: Request) -> JSONResponse:
    body = await request.body()
    # What a page elsewhere could send without asking is a form or plain text.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _answer(_UNSUPPORTED, error="send JSON, with Content-Type: application/json")
    try:
        fields = read_json(body)
        form = _read(fields, await published(site.database))
    except Unreadable as error:
        return _answer(_UNPROCESSABLE, error=str(error))
    signs = signs_of(site, request, fields, is_form=False)
    await receive(site.database, site.vault, form, now=site.clock(), signs=signs)
    return _answer(_ACCEPTED, message=_TAKEN)


def read_json(body: bytes) -> dict[str, str]:
    """Return what a form would have held: a list of newsletters becomes words with a space between.

    Fields that are no words are left out, and missed where they are needed.

    Raises:
        Unreadable: it is no JSON object.
    """
    try:
        values: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, dict):
        raise Unreadable("the body is no JSON object; see docs/embedding.md for one")
    fields = {name: value for name, value in values.items() if isinstance(value, str)}
    if "newsletters" in values:
        asked = values["newsletters"]
        is_list = isinstance(asked, list) and all(isinstance(slug, str) for slug in asked)
        fields["newsletter"] = " ".join(asked) if is_list else ""
    return fields


def _read(fields: Mapping[str, str], known: list[Newsletter]) -> SignUpForm:
    named = fields.get("language", "")
    language: Language | None = next((each for each in languages(known) if each == named), None)
    offered = offered_in(language, known) if language else []
    if language is None or not offered:
        raise Unreadable("“language” is missing, or nothing is published in it; write be, ru or en")
    try:
        return read_sign_up(fields, offered, language)
    except Refused as refused:
        raise Unreadable(_MEND[refused.box.mistake or Mistake.CHOICE]) from refused


def _answer(status: int, **content: str) -> JSONResponse:
    return JSONResponse(content, status, PRIVATE)
