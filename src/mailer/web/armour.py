"""Headers that every answer carries, so that a page can't be made to run, frame, leak or submit.

Unsubscribe and confirm links hold their secret in the address. Referrer-Policy keeps it from other
sites, the other headers keep out whatever an edition or a mail might carry.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES: Final = 64 * 1024
"""The largest form of ours has five short fields."""

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PRIVATE: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
"""For a page whose address or content belongs to one person."""

SOLVING: Final = {"Content-Security-Policy": f"{PAGE_POLICY}; script-src 'self'; worker-src 'self'"}
"""For a page whose form gives the browser work to do, by scripts of our own host."""

_ALWAYS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def armour(headers: MutableHeaders) -> None:
    """Add what every answer carries; what a page has set itself stays."""
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)


class Armour:
    """Puts the headers on every answer, also on those that no page of ours wrote."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers added."""

        async def send_armoured(message: Message) -> None:
            if message["type"] == "http.response.start":
                armour(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_armoured)
