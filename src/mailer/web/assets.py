"""The files that pages refer to: style sheets, an icon, the desk's script; cached by browsers for a year.

The address of each holds a digest of its content, so that a new version is fetched at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.web.compression import COMPRESSED

_FOLDER = Path(__file__).resolve().parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ROBOTS = "User-agent: *\nDisallow: /u/\nDisallow: /*/confirm/\nDisallow: /desk/\n"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Attributes:
        version: letters that change with its content.
    """

    content: bytes
    media_type: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    """Return every file by its name."""
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


def asset_url(prefix: str, name: str) -> str:
    """Return the address of a file; *prefix* stands before every path of ours."""
    return f"{prefix}/static/{name}?v={assets()[name].version}"


def routes() -> list[Route]:
    """Return the routes of the files and of what programs look for by a fixed name."""
    return [
        Route("/static/{name}", _file, middleware=COMPRESSED),
        Route("/favicon.ico", partial(_named, name="icon.svg")),
        Route("/robots.txt", _robots),
    ]


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:12])


async def _file(request: Request) -> Response:
    return await _named(request, name=request.path_params["name"])


async def _named(request: Request, *, name: str) -> Response:
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    current = request.query_params.get("v") == asset.version
    caching = "public, max-age=31536000, immutable" if current else "public, max-age=3600"
    headers = {"Cache-Control": caching, "ETag": f'"{asset.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


async def _robots(_request: Request) -> Response:
    return Response(_ROBOTS, media_type="text/plain")
