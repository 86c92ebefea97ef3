"""Notes of a text in HTML: a raised number that leads to the note, and an arrow that leads back.

No landmark and no heading of its own: an issue of fifteen texts would have fifteen alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from mailer.rendering.languages import translations

CLASS = "footnotes"
# With U+FE0E the arrow stays a letter where phones would show a coloured picture.
_ARROW = "\u21a9\ufe0e"


def teach(parser: MarkdownIt) -> None:
    """Give *parser* our form of footnotes; its environment then has ``language`` and ``anchor``."""
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)


def _reference(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    note = tokens[index].meta
    number = note["id"] + 1
    name = _filled(translations(env["language"]).gettext("Note %(number)s"), number)
    return (
        f'<sup><a href="#{_id("fn", note, env)}" id="{_reference_id(note, env)}" '
        f'aria-label="{name}">{number}</a></sup>'
    )


def _way_back(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    note = tokens[index].meta
    gettext = translations(env["language"]).gettext
    sentence = gettext("Back to the text (note %(number)s)")
    if note["subId"]:
        # Who hears one link after the other must know which mention it leads to.
        sentence = gettext("Back to the text (note %(number)s, mention %(mention)s)")
    name = _filled(sentence, note["id"] + 1, note["subId"] + 1)
    return f' <a href="#{_reference_id(note, env)}" aria-label="{name}">{_ARROW}</a>'


def _open(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    return f'<li id="{_id("fn", tokens[index].meta, env)}">'


def _close(*_: Any) -> str:
    return "</li>\n"


def _open_all(*_: Any) -> str:
    return f'<div class="{CLASS}">\n<ol>\n'


def _close_all(*_: Any) -> str:
    return "</ol>\n</div>\n"


_RULES = {
    "footnote_ref": _reference,
    "footnote_anchor": _way_back,
    "footnote_open": _open,
    "footnote_close": _close,
    "footnote_block_open": _open_all,
    "footnote_block_close": _close_all,
}


def _id(kind: str, note: Any, env: Any) -> str:
    return "-".join(filter(None, (kind, escapeHtml(env["anchor"]), str(note["id"] + 1))))


def _reference_id(note: Any, env: Any) -> str:
    """Return the id of one mention; a note may be mentioned several times."""
    again = f"-{note['subId'] + 1}" if note["subId"] else ""
    return _id("fnref", note, env) + again


def _filled(sentence: str, number: int, mention: int = 1) -> str:
    return escapeHtml(sentence % {"number": number, "mention": mention})
