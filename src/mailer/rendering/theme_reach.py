"""What a theme may not reach for: other sites, programs, and a reader's own link in a picture.

A mail that fetches anything from elsewhere tells that place who reads it, when and where. Templates
are looked at as they are written, for the line, and mails as they are made, for what expressions put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Final

from mailer.rendering import holes, pictures

MADE: Final = "\ufffc"
"""Stands for what an expression of a template will put in."""

_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FETCHED_BY_STYLE = re.compile(r"(?i)\burl\(\s*[\"']?([^\"')]*)|@import\s+[\"']?([^\"';)]*)")
_FOR_OUTLOOK = re.compile(r"\[if [^\]]*\]>(.*)", re.DOTALL)
_REFUSED_TAGS = {"script", "form", "iframe", "frame", "frameset", "object", "embed", "applet", "link", "base"}
_FETCHING = {"src", "srcset", "background", "poster", "lowsrc", "dynsrc", "data", "xlink:href"}
# Of these a link is no address that a reader may press, but one that is fetched.
_FETCHING_BY_LINK = {"image", "use", "feimage", "v:image", "v:fill"}

Fault = tuple[int, str]
"""A line, from 1, and what is wrong there."""


def faults_of_source(source: str, *, is_style: bool) -> list[Fault]:
    """Return what a template, as it is written, reaches for; an expression is taken for harmless.

    Args:
        source: of a template that makes HTML or a part of it.
        is_style: whether it is a style sheet alone.
    """
    plain = _EXPRESSION.sub(lambda found: MADE + "\n" * found[0].count("\n"), source)
    plain = _STATEMENT.sub(lambda found: "\n" * found[0].count("\n"), plain)
    if is_style:
        return list(_in_style(plain, 1, _may_become_ours))
    return _faults(plain, _may_become_ours)


def faults_of_mail(html: str, folders: set[str]) -> list[str]:
    """Return what a finished mail reaches for.

    Args:
        html: with its holes open.
        folders: addresses below which pictures of ours lie, without a slash at the end.
    """
    return [what for _, what in _faults(html, lambda address: _is_ours(address, folders))]


def _may_become_ours(address: str) -> bool:
    return MADE in address or _is_ours(address, set())


def _is_ours(address: str, folders: set[str]) -> bool:
    folder, _, name = address.rpartition("/")
    is_within = not address or address.startswith(("#", "cid:"))
    return is_within or (folder in folders and pictures.is_name(name))


def _faults(html: str, is_ours: Callable[[str], bool]) -> list[Fault]:
    reader = _Reader(is_ours)
    reader.feed(html)
    reader.close()
    return reader.found


def _in_style(css: str, line: int, is_ours: Callable[[str], bool]) -> Iterator[Fault]:
    for found in _FETCHED_BY_STYLE.finditer(css):
        address = (found[1] or found[2] or "").strip()
        if found[1] is None or not is_ours(address):
            yield line + css.count("\n", 0, found.start()), _reaching("its style", address)


class _Reader(HTMLParser):
    """Walks through HTML and what stands in comments for Outlook."""

    def __init__(self, is_ours: Callable[[str], bool], line: int = 0) -> None:
        super().__init__()
        self.found: list[Fault] = []
        self._is_ours = is_ours
        self._line = line
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, _ = self.getpos()
        self._in_style = tag == "style"
        if tag in _REFUSED_TAGS or (tag == "meta" and ("http-equiv", "refresh") in attrs):
            self._tell(
                line, f"<{tag}> has no place in a mail: programs drop it, or the whole mail; take it out"
            )
            return
        for name, value in attrs:
            self._look_at(tag, name, (value or "").strip(), line)

    def _look_at(self, tag: str, name: str, value: str, line: int) -> None:
        if name.startswith("on"):
            self._tell(line, f"{name}=… would run a program, which no mail may; take it out")
        elif value.lower().startswith(("javascript:", "vbscript:")):
            self._tell(line, f"{name}=“{value[:60]}” would run a program, which no mail may; take it out")
        elif name == "style":
            self.found += _in_style(value, self._line + line, self._is_ours)
        elif _is_fetched(tag, name) and not self._is_ours(value):
            self._tell(line, _reaching(name, value))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            line, _ = self.getpos()
            self.found += _in_style(data, self._line + line, self._is_ours)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_comment(self, data: str) -> None:
        if found := _FOR_OUTLOOK.search(data):
            line, _ = self.getpos()
            inside = _Reader(self._is_ours, self._line + line - 1 + data.count("\n", 0, found.start(1)))
            inside.feed(found[1])
            inside.close()
            self.found += inside.found

    def _tell(self, line: int, what: str) -> None:
        self.found.append((self._line + line, what))


def _is_fetched(tag: str, name: str) -> bool:
    return name in _FETCHING or (name == "href" and tag in _FETCHING_BY_LINK)


def _reaching(name: str, address: str) -> str:
    if any(hole in address for hole in (holes.TOKEN, holes.SECRET)):
        return f"{name} holds the reader's own link: whoever serves it would learn who reads; take it out"
    shown = address.replace(MADE, "…")[:60]
    return (
        f"{name} “{shown}” would be fetched from another site and tell it who reads; "
        "take a picture of the newsletter, below content.media_url, or none"
    )
