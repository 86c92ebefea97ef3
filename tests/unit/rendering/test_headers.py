"""Headers fold where their grammar allows, come back as they were written, and let nobody add one."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.rendering import headers

# Any script; line breaks are refused, and other controls and lone surrogates have no place in a header.
CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
WORDS = [
    "Тыдзень",
    "ў",
    "a",
    "Re:",
    "=?utf-8?b?YQ==?=",
    '"',
    "\\",
    "(x)",
    "<b>",
    ",",
    "😀",
    "x" * 70,
    " ",
    "  ",
]
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=120),
    st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join),
    st.text("ab ", max_size=200),
)
NAMES = TEXTS.map(lambda text: " ".join(text.split()))
"""With one blank between two words and none around them, as a name in a settings file has it."""
LOCALS = st.text("abcxyz.0123-+_", min_size=1, max_size=30).map(lambda text: f"a{text.replace('.', '')}")
LINE = 76
ENCODED_WORD = 75


def parsed(header: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(header + b"\r\n", policy=email.policy.default)


def compat(header: bytes) -> str:
    name = header.partition(b":")[0].decode()
    value = email.message_from_bytes(header + b"\r\n", policy=email.policy.compat32)[name]
    return str(make_header(decode_header("".join(str(value).splitlines()))))


def lines_of(header: bytes) -> list[bytes]:
    assert header.endswith(b"\r\n")
    lines = header.removesuffix(b"\r\n").split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert all(line[:1] in (b" ", b"\t") and line.strip() for line in lines[1:])
    return lines


@given(TEXTS)
@example("a" * 61)
@example("Ў" * 40)
@example(" leading and trailing ")
@example("two  blanks")
@example("=?utf-8?q?not_encoded?=")
@example("x " * 100)
def test_a_subject_comes_back_as_it_was_written(text: str) -> None:
    """By Python's old and new parser, in any script, with every blank in its place."""
    header = headers.unstructured("Subject", text)

    assert str(parsed(header)["Subject"]) == text
    if text:
        assert compat(header) == text


@given(TEXTS)
@example("Ў" * 40)
@example("a" * 76)
def test_a_subject_has_short_lines_and_short_words(text: str) -> None:
    """No line is longer than 76 characters, no encoded-word than 75, and all of it is ASCII."""
    header = headers.unstructured("Subject", text)

    assert header.isascii()
    lines = lines_of(header)
    assert max(map(len, lines)) <= LINE
    assert all(len(word) <= ENCODED_WORD for line in lines for word in line.split() if word.startswith(b"=?"))


@given(NAMES, LOCALS)
@example('"' * 60, "desk")
@example("=?utf-8?q?x?=", "desk")
@example("Беларускі тыднёвік «Погляд», рэдакцыя", "desk")
def test_a_display_name_comes_back_as_it_was_written(name: str, local: str) -> None:
    """Name and address are told apart whatever quotes, commas or scripts the name holds."""
    header = headers.address("From", name, f"{local}@example.org")

    (found,) = parsed(header)["From"].addresses
    assert found.addr_spec == f"{local}@example.org"
    assert not parsed(header)["From"].defects
    if header.count(b"=?") > 1:
        # Python 3.11 shows the blank between two encoded-words of a name, against RFC 2047 §6.2.
        assert found.display_name.replace(" ", "") == name.replace(" ", "")
        assert compat(header).removesuffix(f"<{local}@example.org>").removesuffix(" ") == name
    else:
        assert found.display_name == name
    assert max(map(len, lines_of(header))) <= LINE


@given(NAMES)
def test_a_list_id_keeps_its_identifier_whole(phrase: str) -> None:
    """Whatever the list's name, the identifier stands in one piece and is never encoded (RFC 2919)."""
    header = headers.list_id(phrase, "weekly.example.org")

    lines = lines_of(header)
    assert lines[-1].endswith(b"<weekly.example.org>")
    assert max(map(len, lines)) <= LINE
    assert b"=?" not in header.replace(b'"=?', b"")
    shown = compat(header).removesuffix("<weekly.example.org>").strip()
    if shown and not set(phrase) & {'"', "\\"}:
        assert compat(header).removesuffix("<weekly.example.org>").strip().strip('"') == phrase


@given(
    st.lists(
        st.integers(1, 200).map(lambda size: f"https://example.org/{'u' * size}"), min_size=1, max_size=4
    )
)
def test_list_uris_are_never_encoded_or_broken(values: list[str]) -> None:
    """A line is longer than 76 characters only for a URI that is longer itself (RFC 2369, RFC 8058)."""
    header = headers.uris("List-Unsubscribe", values)

    lines = lines_of(header)
    assert b"=?" not in header
    assert all(
        len(line) <= LINE or len(line.split()[-1]) + len("List-Unsubscribe: ") > LINE for line in lines
    )
    unfolded = b"".join(lines).decode().removeprefix("List-Unsubscribe: ")
    assert unfolded == ", ".join(f"<{value}>" for value in values)


def test_an_address_without_a_name_stands_alone() -> None:
    """No angle brackets are needed where there is no name."""
    assert headers.address("Reply-To", "", "desk@example.org") == b"Reply-To: desk@example.org\r\n"


def test_a_long_address_is_not_broken() -> None:
    """An address has no place to fold, so it may make a line too long."""
    long = f"{'l' * 64}@{'d' * 60}.example.org"

    assert lines_of(headers.address("From", "Погляд", long))[-1] == f" <{long}>".encode()


MAKERS: list[Callable[[str], bytes]] = [
    lambda text: headers.unstructured("Subject", text),
    lambda text: headers.address("From", text, "desk@example.org"),
    lambda text: headers.address("From", "Desk", text),
    lambda text: headers.list_id(text, "weekly.example.org"),
    lambda text: headers.list_id("Weekly", text),
    lambda text: headers.uris("List-Unsubscribe", [text]),
    lambda text: headers.plain("To", text),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("breaking", ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\0b", "\r\n"])
def test_nobody_adds_a_header(make: Callable[[str], bytes], breaking: str) -> None:
    """CR, LF and NUL are refused in every kind of header."""
    with pytest.raises(ValueError, match="line break"):
        make(breaking)


def test_a_lone_surrogate_is_shown_as_unreadable() -> None:
    """What can't be written as UTF-8 becomes a question mark instead of an error."""
    assert compat(headers.unstructured("Subject", "a\udcff")) == "a?"
