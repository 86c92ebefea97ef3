"""A form is read in both encodings of HTML; whatever else arrives has no field."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.web.form import read_fields

IN_PARTS = "multipart/form-data; boundary=x"


def parts(*fields: tuple[str, str], end: str = "--x--\r\n") -> bytes:
    """Return a form as browsers send it in parts."""
    head = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return ("".join("--x\r\n" + head.format(*field) for field in fields) + end).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (parts(("address", "ў@example.org"), ("missing", "")), {"address": "ў@example.org", "missing": ""}),
        (parts(("newsletter", "daily"), ("newsletter", "weekly")), {"newsletter": "daily weekly"}),
        (
            parts(('file"; filename="a.txt', "words"), ("address", "a@example.org")),
            {"address": "a@example.org"},
        ),
        (parts(*[("a", "1")] * 100), {"a": " ".join("1" * 100)}),
        (parts(*[("a", "1")] * 101), {}),
        (b"address=a%40example.org", {}),
        (b"", {}),
    ],
)
def test_a_form_in_parts_is_read(body: bytes, expected: dict[str, str]) -> None:
    """As the other encoding is; files are passed over, and what is broken has no field."""
    assert read_fields(body, IN_PARTS) == expected


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=y", "Multipart/Form-Data"]
)
def test_a_form_whose_parts_cant_be_told_apart_has_no_field(content_type: str) -> None:
    """The boundary is missing or another's."""
    assert read_fields(parts(("address", "a@example.org")), content_type) == {}


def test_the_type_may_be_written_in_any_case() -> None:
    """RFC 9110 §8.3.1."""
    assert read_fields(parts(("a", "1")), "Multipart/Form-Data; Boundary=x") == {"a": "1"}


@given(st.binary(), st.text())
@example(
    b"--x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n!",
    "",
)
@example(b"--x\r\n\r\n\r\n--x--\r\n", "")
@example(b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n", "; charset=punycode")
def test_any_body_in_parts_has_fields(body: bytes, more: str) -> None:
    """Bytes of any kind are a form, perhaps an empty one; so is any type."""
    assert isinstance(read_fields(body, IN_PARTS + more), dict)
    assert isinstance(read_fields(b"--x\r\n" + body, IN_PARTS), dict)
