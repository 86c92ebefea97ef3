"""The words inside a paragraph, before they become HTML or plain text: typeset, flat enough, well linked.

Works on the parser's tokens, so that both halves of a mail get the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markdown_it.common.normalize_url import normalizeLinkText
from markdown_it.token import Token

from mailer.domain.language import Language
from mailer.rendering.typography import OBJECT, typeset_pieces

_SCHEMES = ("http", "https", "mailto")
# Emphasis in emphasis; no writer needs three, and lxml, which reads our HTML again, gives up at 256.
_DEEPEST = 8


def settle(tokens: Sequence[Token], language: Language) -> list[Token]:
    """Return *tokens* of one paragraph as they are to be shown.

    A link that leads neither to the web nor to a mailbox stands as it was typed, so that the editor
    sees it in the preview; emphasis without end is dropped; line ends of the source become spaces.
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


def _flat(tokens: Iterable[Token]) -> Iterable[Token]:
    """Yield *tokens* without links that lead elsewhere and without emphasis that is too deep."""
    closings: list[Token | None] = []
    for token in tokens:
        if token.nesting == 1:
            opening, closing = _pair(token, len(closings))
            closings.append(closing)
            if opening:
                yield opening
        elif token.nesting == -1:
            closing = closings.pop()
            if closing:
                yield closing if closing.type == "text" else token
        else:
            yield token


def _pair(token: Token, depth: int) -> tuple[Token | None, Token | None]:
    """Return what to show in place of an opening token and of the one that closes it."""
    if token.type == "link_open" and not _leads_out(address := str(token.attrs["href"])):
        address = normalizeLinkText(address)
        typed = ("<", ">") if token.info == "auto" else ("[", f"]({address})")
        return _text(typed[0]), _text(typed[1])
    return (token, token) if depth < _DEEPEST else (None, None)


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)


def _leads_out(url: str) -> bool:
    scheme, colon, rest = url.strip().partition(":")
    return bool(colon and rest) and scheme.lower() in _SCHEMES
