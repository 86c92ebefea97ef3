"""What a visitor sent with a form, in either of the encodings that HTML has for it.

Our own pages use the short one; whoever builds a form by hand, or sends one by a script, often the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Final
from urllib.parse import parse_qsl

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from starlette.requests import Request

_MOST_FIELDS: Final = 100
_IN_PARTS: Final = "multipart/form-data"


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that was sent; how long it may be, the application has seen to."""
    return read_fields(await request.body(), request.headers.get("content-type", ""))


def read_fields(body: bytes, content_type: str = "") -> dict[str, str]:
    """Read a form: multipart/form-data where *content_type* says so, else application/x-www-form-urlencoded.

    Whatever else it is has no field; files are passed over. A name that stands several times holds its
    values with a space between, as ticked boxes are sent.
    """
    if content_type.lower().startswith(_IN_PARTS):
        return _joined(_parts(body, content_type))
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return {}
    return _joined(pairs)


def _parts(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """Return the fields of a form in parts (RFC 7578); none where it is broken or has too many."""
    found: list[tuple[bytes, bytes]] = []
    headers = {"Content-Type": content_type.encode("latin-1", "replace")}
    try:
        parse_form(
            headers,
            BytesIO(body),
            on_field=lambda field: found.append((field.field_name or b"", field.value or b"")),
            on_file=lambda file: file.close(),
        )
    except FormParserError:
        return []
    if len(found) > _MOST_FIELDS:
        return []
    # RFC 7578 §5.1.2: UTF-8, as our pages are; what a part says of its own letters is not asked.
    return [(name.decode("utf-8", "replace"), value.decode("utf-8", "replace")) for name, value in found]


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]} {value}" if name in fields else value
    return fields
