"""Pictures in a text: ours are shown, all others are words.

A mail that fetches a picture from elsewhere tells that place who reads it, when and where.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from mailer.domain.picture import SCHEME, Picture, parse_picture

CLASS = "picture"
"""Of the block around a picture that stands alone in its paragraph."""
CAPTION_CLASS = "caption"
WIDEST = 560
"""Pixels of the column; a file is twice as wide at most, for fine screens."""


def picture_of(token: Token) -> Picture | None:
    """Return the picture that an image token names, None when it is none of ours."""
    address = str(token.attrs.get("src", ""))
    if not address.startswith(SCHEME):
        return None
    try:
        return parse_picture(address.removeprefix(SCHEME))
    except ValueError:
        return None


def lies_below(address: str, media_url: str) -> bool:
    """Tell whether *address* is that of a picture of ours below *media_url*."""
    folder, _, name = address.rpartition("/")
    return bool(media_url) and folder == media_url and is_name(name)


def is_name(name: str) -> bool:
    """Tell whether *name* is that of a picture of ours."""
    try:
        parse_picture(name)
    except ValueError:
        return False
    return True


def image_html(picture: Picture, alt: str, media_url: str) -> str:
    """Return the picture with the size at which it is shown, so that nothing moves when it arrives."""
    width = min(picture.width, WIDEST)
    height = max(round(picture.height * width / picture.width), 1)
    source = escapeHtml(f"{media_url}/{picture.name}")
    return f'<img src="{source}" alt="{escapeHtml(alt)}" width="{width}" height="{height}">'


def caption_html(token: Token) -> str:
    """Return the caption of a picture that stands alone, else nothing."""
    caption = token.meta.get("caption")
    return f'\n<p class="{CAPTION_CLASS}">{escapeHtml(caption)}</p>' if caption else ""


def mark_figures(tokens: Sequence[Token]) -> None:
    """Make a paragraph that is nothing but one picture of ours a block of its own, its title the caption."""
    for before, inline, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        image = lone_picture(inline)
        if image and before.type == "paragraph_open" and not before.hidden:
            before.tag = after.tag = "div"
            before.attrSet("class", CLASS)
            image.meta["caption"] = str(image.attrs.get("title", ""))


def lone_picture(inline: Token) -> Token | None:
    """Return the picture of ours that is all there is in a paragraph's words, or None."""
    shown = [child for child in inline.children or [] if child.type != "text" or child.content.strip()]
    return shown[0] if len(shown) == 1 and shown[0].type == "image" and picture_of(shown[0]) else None
