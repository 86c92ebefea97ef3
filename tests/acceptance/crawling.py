"""What programs do with links before a person presses anything: open all, and all that lies behind."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import httpx

LOOKS: list[tuple[str, dict[str, str]]] = [
    ("HEAD", {}),
    ("GET", {}),
    ("GET", {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"}),
]
"""How a link is looked at: by a checker of links, a mail program, a browser that guesses."""

_URL = re.compile(r"https?://[^\s<>\"']+")


def digest(database: Path) -> str:
    """Return the SHA-256 of every row of every table, tables by name, rows by all their columns."""
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        dump = hashlib.sha256()
        for (name,) in tables.fetchall():
            rows = sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))
            dump.update("\n".join([name, *rows, ""]).encode())
    return dump.hexdigest()


def links_in(message: bytes) -> set[str]:
    """Return every web address in a mail: in its headers, its text and its HTML."""
    mail = email.message_from_bytes(message, _class=EmailMessage, policy=email.policy.default)
    found = {url for value in mail.values() for url in _URL.findall(str(value))}
    for subtype in ("plain", "html"):
        part = mail.get_body((subtype,))
        if part is None:
            continue
        content = part.get_content()
        found |= set(_URL.findall(content)) if subtype == "plain" else _Addresses.of(content)
    return {urldefrag(url)[0] for url in found}


def crawl(site: str, begin: Iterable[str], *, cookies: dict[str, str] | None = None) -> dict[str, int]:
    """
    Look at addresses of a site, and at all that the answers lead to, forms included.

    Args:
        site: its address, without a slash at its end; nothing else is looked at.
        begin: addresses or paths to begin with.
        cookies: of somebody who has logged in.

    Returns:
        Every address that was looked at, with the status of its GET.
    """
    waiting = [urljoin(site, address) for address in begin]
    seen: dict[str, int] = {}
    with httpx.Client(cookies=cookies, timeout=30) as client:
        while waiting:
            url = waiting.pop()
            if url in seen or not url.startswith(f"{site}/"):
                continue
            for method, headers in LOOKS:
                answer = client.request(method, url, headers=headers)
                assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, f"{method} {url}"
                if method == "GET":
                    seen[url] = answer.status_code
                    waiting += _leads_to(answer)
    return seen


def _leads_to(answer: httpx.Response) -> list[str]:
    found = {answer.headers["location"]} if "location" in answer.headers else set[str]()
    if answer.headers.get("content-type", "").startswith("text/html"):
        found |= _Addresses.of(answer.text)
    return [urldefrag(urljoin(str(answer.url), address))[0] for address in found]


class _Addresses(HTMLParser):
    """Collects what a document refers to, links and forms alike."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to or loads."""
        self.found |= {value for name, value in attrs if name in ("href", "src", "action") and value}

    @classmethod
    def of(cls, html: str) -> set[str]:
        """Return every address in *html*."""
        parser = cls()
        parser.feed(html)
        return parser.found
