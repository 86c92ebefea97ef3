"""Links that belong to one reader, wherever they stand in the words of an issue.

Who copies from a mail of their own copies its unsubscribe link too, and whoever opens that acts in
their place. Mail programs make a link of any address they see, so a bare one counts like a written one.
"""

from __future__ import annotations

import re
from html import unescape

from mailer.domain.finding import Check, Finding, blocking

# What domain/links.py puts before a token or a secret.
_PAGES = r"(?:u|\w+/(?:confirm|manage|move|back))"
_SECRET = re.compile(rf"(/{_PAGES}/)[^\s()\[\]<>\"]+", re.IGNORECASE)
# A return path's token before our mail domain (Links.unsubscribe_by_mail).
_BY_MAIL = re.compile(r"unsubscribe\+[a-z2-7]{20,}@", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")


def own_pages(words: str, base: str) -> list[str]:
    """Return each page of one reader's that *words*, plain or Markdown, lead to; its secret as “…”.

    Args:
        words: as they were written.
        base: the public URL without a slash at its end; empty: no page is ours.
    """
    seen = unescape(_ESCAPE.sub("", words))
    found = ["unsubscribe+…@"] if _BY_MAIL.search(seen) else []
    if base:
        site = re.escape(base.partition("://")[2])
        pages = re.finditer(rf"(?<![\w.-]){site}/({_PAGES})/[^\s()\[\]<>\"]", seen, re.IGNORECASE)
        found += [f"{base}/{page[1].lower()}/…" for page in pages]
    return list(dict.fromkeys(found))


def hidden(words: str) -> str:
    """Return *words* without what could be a reader's secret: findings are shown and logged."""
    return _SECRET.sub(r"\1…", words)


def readers_own_link(page: str, name: str, where: str) -> Finding:
    """Return the finding that *page* stands in the words called *name*."""
    return blocking(
        Check.READERS_OWN_LINK,
        f"a link in {name} leads to {page}, which belongs to one reader, so anybody could act in their place",
        f"take the link out of {name}",
        where=where,
    )
