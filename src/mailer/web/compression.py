"""Pages that are the same for everyone travel compressed: a phone on a slow line fetches a third.

A page that holds a secret or what a visitor typed never does, because somebody who watches the line and
makes the visitor load pages could read it from their lengths (BREACH, CVE-2013-3587).
"""

from __future__ import annotations

from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

COMPRESSED: Final = (Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6),)
"""The middleware of a route whose answers may be compressed."""
