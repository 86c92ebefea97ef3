"""What an editor writes, made into HTML that is safe in a mail and on a page.

Writers are trusted with words, not with markup: raw HTML is shown as it was typed, pictures become
their description (a picture fetched from elsewhere would report who reads), a link leads to the web
or to a mailbox or is no link. nh3 then lets through only the tags we know, whatever came before.
The plain-text half of a mail is written by rendering/plaintext.py from the same parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_SCHEMES = ("http", "https", "mailto")
_DEEPEST_HEADING = 6
# The mail's own headings are h1 (the issue) and h2 (each headline).
_HEADINGS_BEGIN_BELOW = 2
_TAGS = {
    "p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "a", "ul", "ol", "li",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def to_html(markdown: str) -> str:
    """Return *markdown* as safe HTML blocks; its headings begin at h3."""
    parser = markdown_parser()
    tokens = parser.parse(markdown)
    _lower_headings(tokens)
    rendered = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(_SCHEMES)).strip()


@cache
def markdown_parser() -> MarkdownIt:
    """Return the one parser: CommonMark and tables, no HTML, links to the web and to mailboxes only."""
    parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    # A refused link stays as it was typed, so that the editor sees it in the preview.
    parser.validateLink = _leads_out  # type: ignore[method-assign]
    return parser


class _Renderer(RendererHTML):
    """CommonMark's renderer, with a picture's description in place of the picture."""

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return escapeHtml(self.renderInlineAsText(tokens[index].children, options, env))


def _leads_out(url: str) -> bool:
    scheme, colon, rest = url.strip().partition(":")
    return bool(colon and rest) and scheme.lower() in _SCHEMES


def _lower_headings(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            level = int(token.tag.removeprefix("h")) + _HEADINGS_BEGIN_BELOW
            token.tag = f"h{min(level, _DEEPEST_HEADING)}"
