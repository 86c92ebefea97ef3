"""What an editor writes, made into HTML that is safe in a mail and on a page.

Writers are trusted with words, not with markup: raw HTML is shown as it was typed, a picture from
elsewhere becomes its description (fetching it would report who reads), a link leads to the web or to
a mailbox or is no link, and a bare ``https://…`` is one. nh3 then lets through only the tags we know,
whatever came before.
The plain-text half of a mail is written by rendering/plaintext.py from the same parser.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import nh3
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline, image
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from mailer.domain.language import Language
from mailer.rendering import footnotes, pictures
from mailer.rendering.inline_words import settle
from mailer.rendering.shape import DATA_CLASS, SIDES, WIDE_CLASS, shape

_SCHEMES = ("http", "https", "mailto")
# Quotes and lists inside each other; what is nested deeper is shown as a paragraph, marks and all.
# The parser's own limit, beyond which it drops words, is 20; a list counts for two.
_DEEPEST_BLOCK = 16

_TAGS = {
    "p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "a", "ul", "ol", "li", "div", "img", "sup",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "id", "aria-label"},
    "img": {"src", "alt", "width", "height"},
    "li": {"id"},
    "ol": {"start"},
    "th": {"scope"},
}
_CLASSES = {
    "div": {pictures.CLASS, footnotes.CLASS},
    "p": {pictures.CAPTION_CLASS},
    "table": {DATA_CLASS, WIDE_CLASS},
    "th": SIDES,
    "td": SIDES,
}


def to_html(markdown: str, language: Language, *, anchor: str = "", media_url: str = "") -> str:
    """Return *markdown* as safe HTML blocks; its headings begin at h3.

    Args:
        markdown: as an editor wrote it.
        language: decides about quotes and spaces, and names what a screen reader reads of notes.
        anchor: the topic's slug; keeps the notes' ids apart where several texts share a document.
        media_url: where our pictures lie, without a slash at the end; empty shows their descriptions.
    """
    parser = markdown_parser()
    env = {"language": language, "anchor": anchor, "media_url": media_url}
    tokens = parse_markdown(markdown, language)
    shape(tokens)
    if media_url:
        pictures.mark_figures(tokens)
    return clean(parser.renderer.render(tokens, parser.options, env), media_url).strip()


def clean(html: str, media_url: str = "") -> str:
    """Return *html* with nothing in it but the tags and attributes that a text may have."""

    def checked(tag: str, name: str, value: str) -> str | None:
        return None if (tag, name) == ("img", "src") and not pictures.lies_below(value, media_url) else value

    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=checked,
        url_schemes=set(_SCHEMES),
        # A mail is no page: there is no opener. The web part (webpart.py) adds it.
        link_rel=None,
    )
    # nh3 spells the one character out: six bytes for two, some hundred times in an issue.
    return cleaned.replace("&nbsp;", "\u00a0")


def parse_markdown(markdown: str, language: Language) -> list[Token]:
    """Return the blocks of *markdown*, their words set by the practice of *language*."""
    tokens = markdown_parser().parse(markdown, {})
    for token in tokens:
        if token.children:
            token.children = settle(token.children, language)
    return tokens


def unused_notes(markdown: str) -> list[str]:
    """Return the labels of notes that nothing in the text refers to, and that are therefore not shown."""
    env: dict[str, Any] = {}
    markdown_parser().parse(markdown, env)
    labels: dict[str, int] = env.get("footnotes", {}).get("refs", {})
    return [label.removeprefix(":") for label, number in labels.items() if number < 0]


@cache
def markdown_parser() -> MarkdownIt:
    """Return the one parser: CommonMark, tables, footnotes and bare web addresses, no HTML."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}, renderer_cls=_Renderer)
    parser.enable("table")
    _link_bare_addresses(parser)
    parser.use(footnote_plugin, inline=False)
    parser.block.ruler.before("table", "too_deep", _too_deep)
    footnotes.teach(parser)
    # A refused link stays as it was typed, so that the editor sees it in the preview.
    parser.validateLink = _leads_out  # type: ignore[method-assign]
    parser.inline.ruler.at("image", _picture)
    return parser


def _link_bare_addresses(parser: MarkdownIt) -> None:
    """Make ``https://…`` a link, shown as it was typed; “example.org” and mail addresses stay words."""
    # The inline rule alone: it meets an address before “_” and “*” in it could mean emphasis.
    parser.inline.ruler.enable("linkify")
    parser.linkify = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    for schema in ("ftp:", "mailto:", "//"):
        parser.linkify.add(schema, None)
    parser.normalizeLinkText = _as_typed  # type: ignore[assignment,method-assign]


@cache
def _parser_for_descriptions() -> MarkdownIt:
    """Return a parser for pictures, which take any address: none but ours is shown."""
    parser = MarkdownIt("commonmark", {"html": False})
    parser.validateLink = _any_address  # type: ignore[method-assign]
    return parser


def _picture(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's form
    """Read a picture, be its address such that a link to it would be refused."""
    strict, state.md = state.md, _parser_for_descriptions()
    try:
        return image(state, silent)
    finally:
        state.md = strict


class _Renderer(RendererHTML):
    """CommonMark's renderer, which shows a picture only when it is ours."""

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        alt = self.renderInlineAsText(token.children, options, env)
        picture = pictures.picture_of(token)
        if picture is None or not env["media_url"]:
            return escapeHtml(alt)
        return pictures.image_html(picture, alt, env["media_url"]) + pictures.caption_html(token)


def _leads_out(url: str) -> bool:
    scheme, colon, rest = url.strip().partition(":")
    return bool(colon and rest) and scheme.lower() in _SCHEMES


def _as_typed(url: str) -> str:
    return url


def _any_address(url: str) -> bool:  # noqa: ARG001 - the parser asks for each
    return True


def _too_deep(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's form
    if silent or state.level < _DEEPEST_BLOCK:
        return False
    last = line + 1
    while last < end and not state.isEmpty(last) and state.sCount[last] >= state.blkIndent:
        last += 1
    state.push("paragraph_open", "p", 1).map = [line, last]
    words = state.push("inline", "", 0)
    words.content = state.getLines(line, last, state.blkIndent, False).strip()
    words.map = [line, last]
    words.children = []
    state.push("paragraph_close", "p", -1)
    state.line = last
    return True
