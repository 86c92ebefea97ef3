"""Pictures of ours: the same address for every reader, kept by every cache, and nobody counts who asks.

A picture never changes under its name, so a mail program that has it need not ask again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.picture import Suffix, parse_picture
from mailer.storage.media import Media
from mailer.web.site import Site

_TYPES: Final[dict[Suffix, str]] = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


def routes(site: Site) -> list[Route]:
    """Return the route of the pictures."""
    return [Route("/media/{name}", partial(_picture, site.media))]


async def _picture(media: Media, request: Request) -> Response:
    try:
        picture = parse_picture(request.path_params["name"])
    except ValueError:
        raise HTTPException(404) from None
    # The name tells the content: whoever has one has the other.
    headers = {"Cache-Control": _FOR_EVER, "ETag": f'"{picture.digest}"'}
    content = await asyncio.to_thread(media.find, picture.name)
    if content is None:
        raise HTTPException(404)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[picture.suffix], headers=headers)
