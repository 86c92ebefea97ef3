"""A part's bytes carry its text exactly, in lines that no mail server touches, with holes left whole."""

from __future__ import annotations

import base64
import quopri

from hypothesis import example, given
from hypothesis import strategies as st

from mailer.rendering import holes
from mailer.rendering.encoding import Encoded, encode

LINES = st.one_of(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=90),
    st.text("абў’ ", max_size=120),
    st.text(".= \tab", max_size=160),
    st.sampled_from([".", "..", "a" * 75, "a" * 76, "a" * 77, " " * 76, "=" * 80, "From here", ""]),
)
TEXTS = st.lists(LINES, max_size=12).map("\n".join)


def decoded(encoded: Encoded) -> str:
    decode = base64.b64decode if encoded.is_base64 else quopri.decodestring
    return decode(encoded.body).decode("utf-8")


def as_read(text: str) -> str:
    return text.rstrip("\n").replace("\n", "\r\n") + "\r\n"


@given(TEXTS)
@example("")
@example("." + "a" * 200)
@example("a" * 75 + ".b")
@example("a" * 75 + " ")
@example("тэкст. " * 100)
def test_a_text_comes_back_as_it_was_written(text: str) -> None:
    """Whichever encoding is chosen, decoding gives the text with CRLF line ends, one at its end."""
    assert decoded(encode(text, ())) == as_read(text)


@given(TEXTS)
@example("a" * 75 + ".b")
@example("a" * 74 + " ." + "b" * 80)
def test_lines_need_nothing_from_a_mail_server(text: str) -> None:
    """At most 76 characters of ASCII, CRLF only, no dot first, no blank last: nothing to stuff or to trim."""
    encoded = encode(text, ())

    assert encoded.body.isascii()
    assert encoded.body.endswith(b"\r\n")
    for line in encoded.body.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))
        assert b"\r" not in line
        assert b"\n" not in line


@given(TEXTS, TEXTS, st.sampled_from(["", "https://example.org/u/", "Адпісацца: "]))
@example("", "", "")
@example("х" * 19, "", "")
def test_a_hole_stays_in_one_piece(before: str, after: str, lead: str) -> None:
    """Wherever it stands, a hole can be found in the bytes: as it is, or as base64 of its own."""
    text = f"{before}\n{lead}{holes.TOKEN}\n{after}"

    encoded = encode(text, (holes.TOKEN, holes.SECRET))

    token = holes.TOKEN.encode()
    assert encoded.body.count(base64.b64encode(token) if encoded.is_base64 else token) == 1


def test_the_shorter_encoding_is_chosen() -> None:
    """Cyrillic goes as base64, English as quoted-printable, which people can read in a raw mail."""
    assert encode("Тыдзень у Беларусі\n" * 5, ()).name == "base64"
    assert encode("The week in Belarus, naïve\n" * 5, ()).name == "quoted-printable"


def test_line_ends_of_any_kind_become_crlf() -> None:
    """CR, LF and CRLF all end a line."""
    assert decoded(encode("a\rb\r\nc\nd", ())) == "a\r\nb\r\nc\r\nd\r\n"


def test_a_lone_surrogate_does_not_stop_an_issue() -> None:
    """It is shown as a question mark in either encoding."""
    assert decoded(encode("a\udcff", ())) == "a?\r\n"
    assert decoded(encode("Тыдзень\udcff" * 9, ())) == "Тыдзень?" * 9 + "\r\n"


def test_no_line_begins_with_from() -> None:
    """Some mailboxes write “>” before it, and with it goes the signature."""
    body = encode("From here on\n" + "x" * 75 + "From there\n", []).body

    assert not [line for line in body.split(b"\r\n") if line.startswith(b"From ")]
    assert quopri.decodestring(body) == b"From here on\r\n" + b"x" * 75 + b"From there\r\n"
