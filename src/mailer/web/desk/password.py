"""The desk's door: one user, one password, by HTTP Basic (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request

USER = "desk"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="desk", charset="UTF-8"'}


def let_in(request: Request, password: str | None) -> None:
    """Return if the request names user and password, else raise the refusal.

    A desk without a password is no desk: 404.
    """
    if not password:
        raise HTTPException(404)
    expected = f"{USER}:{password}".encode()
    if not hmac.compare_digest(_credentials(request.headers.get("authorization", "")), expected):
        raise HTTPException(401, headers=_CHALLENGE)


def _credentials(header: str) -> bytes:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
