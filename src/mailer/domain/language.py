"""The languages a reader can be served in."""

from __future__ import annotations

from enum import StrEnum

from mailer.domain.nearest import did_you_mean


class Language(StrEnum):
    """A language by its BCP 47 tag; the order is the order of every list and switch."""

    BELARUSIAN = "be"
    RUSSIAN = "ru"
    ENGLISH = "en"


def parse_language(text: str) -> Language:
    """Read a language tag such as ``be``.

    Raises:
        ValueError: it is none of ours; the message names those that are.
    """
    try:
        return Language(text.strip().lower())
    except ValueError:
        known = ", ".join(Language)
        raise ValueError(
            f"language “{text}” is not known{did_you_mean(text, list(Language))}; write one of {known}"
        ) from None
