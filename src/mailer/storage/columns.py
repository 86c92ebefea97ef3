"""Column types of our own: aware UTC times, words of an enumeration, values kept as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, String, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit id; SQLite's rowid alias must be spelled INTEGER."""

Word = TypeVar("Word", bound=StrEnum)


def to_milliseconds(moment: datetime) -> int:
    """Return an aware time as stored: whole milliseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // _MILLISECOND


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time, stored as milliseconds since 1970: alike on both databases, small on SQLite."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn a time into what is stored."""
        return None if value is None else to_milliseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn what is stored into a time."""
        return None if value is None else _EPOCH + value * _MILLISECOND


class WordOf(TypeDecorator[Word]):
    """A word of an enumeration, stored as it is written so that a person can read the table."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Word | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn a word into what is stored."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Word | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn what is stored into a word."""
        return None if value is None else self.words(value)
