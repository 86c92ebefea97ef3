"""Secrets of mailed links: 32 random bytes in the link, their SHA-256 with us.

So a stolen database opens nobody's settings.
"""

from __future__ import annotations

import base64
import hashlib
import os

_SECRET_BYTES = 32


def new_secret() -> str:
    """Return the 43 letters of a new link."""
    return base64.urlsafe_b64encode(os.urandom(_SECRET_BYTES)).decode("ascii").rstrip("=")


def hash_of(secret: str) -> bytes:
    """Return what is stored of a link's secret: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
