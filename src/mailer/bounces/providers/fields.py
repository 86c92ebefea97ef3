"""JSON from strangers: any field may be missing, of another type, or new; none of that is an error.

Providers add fields without notice, so a reader asks for what it knows and steps over the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

Fields: TypeAlias = Mapping[str, Any]

MAX_ROWS = 100
"""Our copies have one recipient; more than this in one event is nobody's report of ours."""
_MAX_CHARS = 2_000


def object_in(raw: bytes | str) -> Fields | None:
    """Return a JSON object, or None for anything else; orjson itself bounds how deep it may be."""
    found = value_in(raw)
    return found if isinstance(found, dict) else None


def value_in(raw: bytes | str) -> Any:
    """Return a JSON value, or None where there is none."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def written(fields: Fields) -> bytes:
    """Return an object as JSON; empty for one so deep that no reader of ours would look at it."""
    try:
        return orjson.dumps(fields)
    except orjson.JSONEncodeError:
        return b""


def table(fields: Fields, name: str) -> Fields:
    """Return an object inside, empty where there is none."""
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def rows(fields: Fields, name: str) -> list[Fields]:
    """Return a list of objects inside, at most MAX_ROWS."""
    found = fields.get(name)
    return [row for row in found[:MAX_ROWS] if isinstance(row, dict)] if isinstance(found, list) else []


def words(fields: Fields, name: str) -> list[str]:
    """Return a list of words inside, at most MAX_ROWS."""
    found = fields.get(name)
    return [one for one in found[:MAX_ROWS] if isinstance(one, str)] if isinstance(found, list) else []


def word(fields: Fields, name: str) -> str:
    """Return a word, a number as one; empty for anything else."""
    found = fields.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found.strip()[:_MAX_CHARS] if isinstance(found, str) else ""
