"""JSON: an array of objects, one object in each line, or the answers of listmonk's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from mailer.audience.moving.entry import Row, column_name
from mailer.audience.moving.part import Part
from mailer.errors import InputError

_MOST_BYTES = 64_000_000


def objects(part: Part) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """
    Yield the objects of a JSON file with their place: the line, or in an array the number from 1.

    Raises:
        InputError: not JSON, too large to be read at once, or something else than objects.
    """
    if part.head().lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _is_by_line(part):
        for number, text in part.lines():
            if text.strip():
                yield number, _object(part, number, _loaded(part, text.encode(), number))
        return
    with part.opened() as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise InputError.at(
            part.place, None, "more than 64 MB can't be read at once; write one object in each line"
        )
    whole = _loaded(part, content.removeprefix(b"\xef\xbb\xbf"), None)
    for number, each in enumerate(_array(part, whole), 1):
        yield number, _object(part, number, each)


def row(place: str, number: int, written: Mapping[str, Any]) -> Row:
    """Return an object as a row of a table; what is no text, number or yes and no is left out."""
    cells = {column_name(name): _text(value) for name, value in written.items()}
    return Row(place, number, {name: text for name, text in cells.items() if text is not None})


def _is_by_line(part: Part) -> bool:
    """Tell whether the first line is a whole object, and not the beginning of a longer document."""
    first = next((text for _, text in part.lines() if text.strip()), "")
    try:
        found = orjson.loads(first)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and _pages(found) is None


def _loaded(part: Part, content: bytes, line: int | None) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InputError.at(part.place, line or error.lineno, "this is no JSON; export it again") from None


def _array(part: Part, whole: Any) -> list[Any]:
    found = _pages(whole) if isinstance(whole, dict) else whole
    if not isinstance(found, list):
        raise InputError.at(part.place, None, "there is no array of readers in it; is it the right file?")
    return found


def _pages(found: Mapping[str, Any]) -> list[Any] | None:
    """Return what a page of listmonk's API holds: {"data": {"results": […]}}."""
    inner = found.get("data", found)
    results = inner.get("results") if isinstance(inner, dict) else None
    return results if isinstance(results, list) else None


def _object(part: Part, number: int, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise InputError.at(part.place, number, "there is no object here; write {“email”: …} for each reader")
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return " ".join(str(value).split())
    return "" if value is None else None
