"""The address of our pages: what every link in a mail begins with."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from mailer.domain.domain_name import domain_name

# What would end the address in a header or a template, or break it off.
_NOT_IN_HEADERS = frozenset(" <>\"'\\^`{|}")
_LONGEST = 200


def web_address(url: str) -> str:
    """Return the address of a site without a slash at its end, its host as it travels.

    ASCII throughout (RFC 3986 §2): it stands in headers that allow nothing else.

    Raises:
        ValueError: it is none; the message goes on where a sentence has named it.
    """
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.scheme in ("https", "http") and parts.hostname)
        is_plain = not (parts.query or parts.fragment or parts.username or parts.port == 0)
    except ValueError:
        is_whole = is_plain = False
    if is_whole and is_plain and not (host := parts.hostname or "").isascii():
        port = "" if parts.port is None else f":{parts.port}"
        url = urlunsplit(parts._replace(netloc=domain_name(host) + port))
    if not (is_whole and is_plain and url.isprintable() and url.isascii()) or _NOT_IN_HEADERS & set(url):
        raise ValueError("is not a web address; write it as https://news.example.org")
    if len(url) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST} characters; take a shorter one: it stands in every mail")
    return url.rstrip("/")
