"""The words inside a paragraph, before they become HTML or plain text: typeset, and flat enough.

Works on the parser's tokens, so that both halves of a mail get the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from markdown_it.token import Token

from mailer.domain.language import Language
from mailer.rendering.typography import OBJECT, typeset_pieces

# Emphasis in emphasis; no writer needs three, and lxml, which reads our HTML again, gives up at 256.
_DEEPEST = 8


def settle(tokens: Sequence[Token], language: Language) -> list[Token]:
    """Return *tokens* of one paragraph as they are to be shown.

    Emphasis without end is dropped; line ends of the source become spaces.
    """
    for token in tokens:
        if token.type == "softbreak":
            token.type, token.content = "text", " "
        if token.type == "image":
            token.children = settle(token.children or [], language)
            if title := token.attrs.get("title"):
                token.attrs["title"] = typeset_pieces([str(title)], language)[0]
    _typeset(tokens, language)
    return list(_flat(tokens))


def _typeset(tokens: Sequence[Token], language: Language) -> None:
    pieces = []
    in_address = False
    for token in tokens:
        if token.type == "link_open":
            in_address = token.info == "auto"
        pieces.append(OBJECT * len(token.content) if in_address else _piece(token))
        if token.type == "link_close":
            in_address = False
    for token, piece, before in zip(tokens, typeset_pieces(pieces, language), pieces, strict=True):
        if token.type == "text" and piece != before:
            token.content = piece


def _piece(token: Token) -> str:
    match token.type:
        case "text":
            return token.content
        case "hardbreak":
            return "\n"
        case "code_inline" | "image":
            return OBJECT
        case _:
            return ""


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield *tokens* without the marks of emphasis that is too deep."""
    depth = 0
    for token in tokens:
        depth -= token.nesting == -1
        if token.nesting == 0 or depth < _DEEPEST:
            yield token
        depth += token.nesting == 1
