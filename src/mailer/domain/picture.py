"""A picture we host: its name says everything that a page needs to show it.

A text names it as ``![what it shows](media:0123456789abcdef-1120x630.jpg)``. The name follows from the
stored bytes, so that a picture can be kept for ever and never changes under its address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

SCHEME = "media:"
"""What stands before a picture's name in a text."""
DIGEST_LETTERS = 16

_NAME = re.compile(r"([0-9a-f]{16})-([1-9]\d{0,4})x([1-9]\d{0,4})\.(jpg|png|gif)")

Suffix = Literal["jpg", "png", "gif"]
"""The kinds that every mail program shows: Outlook for Windows knows no WebP."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture.

    Attributes:
        digest: the first 16 hexadecimal letters of the SHA-256 of its bytes.
        width, height: in pixels of the file; it is shown at most as wide as the column.
    """

    digest: str
    width: int
    height: int
    suffix: Suffix

    @property
    def name(self) -> str:
        """Its file's name: ``0123456789abcdef-1120x630.jpg``."""
        return f"{self.digest}-{self.width}x{self.height}.{self.suffix}"


def parse_picture(name: str) -> Picture:
    """Read a picture's name.

    Raises:
        ValueError: it is no name of ours.
    """
    found = _NAME.fullmatch(name)
    if not found:
        raise ValueError(f"“{name}” is no picture of ours; import the file beside the text that shows it")
    return Picture(found[1], int(found[2]), int(found[3]), cast("Suffix", found[4]))
