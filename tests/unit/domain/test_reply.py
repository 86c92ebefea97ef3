"""Replies of mail servers: what their codes mean for a copy, and no address left in them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.outcome import Stage
from mailer.domain.reply import Reply, Verdict, _masked, judge, mask

CONNECT, MAIL, RCPT, DATA, BODY, DOT = Stage
GO_ON, TAKEN, NOT_NOW, REFUSED = Verdict.GO_ON, Verdict.TAKEN, Verdict.NOT_NOW, Verdict.REFUSED


@pytest.mark.parametrize(
    ("code", "expected"),
    # One column per stage: connect, MAIL, RCPT, DATA, body, dot.
    [
        (220, (GO_ON, GO_ON, GO_ON, NOT_NOW, GO_ON, TAKEN)),
        (250, (GO_ON, GO_ON, GO_ON, NOT_NOW, GO_ON, TAKEN)),
        (251, (GO_ON, GO_ON, GO_ON, NOT_NOW, GO_ON, TAKEN)),
        (354, (NOT_NOW, NOT_NOW, NOT_NOW, GO_ON, NOT_NOW, NOT_NOW)),
        (421, (NOT_NOW,) * 6),
        (450, (NOT_NOW,) * 6),
        (452, (NOT_NOW,) * 6),
        (550, (NOT_NOW, NOT_NOW, REFUSED, REFUSED, REFUSED, REFUSED)),
        (554, (NOT_NOW, NOT_NOW, REFUSED, REFUSED, REFUSED, REFUSED)),
        (150, (NOT_NOW,) * 6),
        (650, (NOT_NOW,) * 6),
    ],
)
def test_what_a_code_means_at_each_stage(code: int, expected: tuple[Verdict, ...]) -> None:
    """RFC 5321 §4.2.1; only an answer to the dot takes a copy, only from RCPT on one is refused."""
    assert tuple(judge(Reply(code, ""), stage) for stage in Stage) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1.1 Gone", (5, 1, 1)),
        ("4.7.123 Later", (4, 7, 123)),
        ("2.0.0", (2, 0, 0)),
        ("3.1.1 No such class", None),
        ("5.1 Short", None),
        ("Sorry, no mailbox here by that name. (#5.1.1)", (5, 1, 1)),
        ("rejected; 5.1.1", (5, 1, 1)),
        ("status=5.1.1", (5, 1, 1)),
        ("#5.7.1 no", (5, 7, 1)),
        ("4.4.7 given up: 550 5.1.1 Gone", (4, 4, 7)),
        # Says nothing by itself; what follows does.
        ("5.0.0 Service unavailable: 5.1.1 Gone", (5, 1, 1)),
        ("5.1.0 Sender: 5.1.8 Gone", (5, 1, 8)),
        ("5.0.0 Service unavailable", (5, 0, 0)),
        # Another's digit behind the words, an address, a version, a name.
        ("Gone: 4.2.2", None),
        ("5.1.1.1", None),
        ("192.5.1.1 is listed", None),
        ("blocked by filter4.5.1", None),
        ("5.1.1st", None),
        ("", None),
    ],
)
def test_the_enhanced_code_is_found(text: str, expected: tuple[int, int, int] | None) -> None:
    """RFC 3463 §2, at the start, or behind the words where it agrees with the code of the reply."""
    assert Reply(550, text).enhanced == expected


def test_a_reply_is_written_as_it_came() -> None:
    """Code, then text."""
    assert (str(Reply(250, "2.0.0 Ok")), str(Reply(250, ""))) == ("250 2.0.0 Ok", "250")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.1.1 <Reader.7@Example.ORG>: unknown", "550 5.1.1 ‹…›: unknown"),
        ("550 5.1.1 reader.7@example.org unknown", "550 5.1.1 ‹…› unknown"),
        ("550 5.1.1 User reader.7 unknown", "550 5.1.1 User ‹…› unknown"),
        ("550 User READER.7.", "550 User ‹…›."),
        ("550 readers.7 and xreader.7 are others", "550 readers.7 and xreader.7 are others"),
        ("550 boss@example.net is away (reader.7)", "550 ‹…› is away (‹…›)"),
        ('550 "john doe"@example.net moved', "550 ‹…› moved"),
        ("550 <root@[192.0.2.1]> and root@[192.0.2.1]", "550 ‹…› and ‹…›"),
        ("550 o'neil@example.org", "550 ‹…›"),
        ("550 https://example.net/?mail=reader.7%40example.org", "550 ‹…›"),
        ("550 mx.example.org: reader.7 @ example.org", "550 ‹…›: ‹…› @ ‹…›"),
        ("550 reader.7 at example.org or READER.7 (at) example dot org", "550 ‹…› at ‹…› or ‹…› (at) ‹…›"),
        ("550 cmVhZGVyLjdAZXhhbXBsZS5vcmc= unknown", "550 ‹…› unknown"),
        ("550 to:OJSWCZDFOIXDOQDFPBQW24DMMUXG64TH!", "550 ‹…›"),
        ("550 7265616465722e37406578616d706c652e6f7267", "550 ‹…›"),
        ("550 bounces+reader.7=example.org gone", "550 bounces+‹…›=‹…› gone"),
        ("550 rfc822;reader+2E7", "550 ‹…›"),
        ("550 =?utf-8?q?reader=2E7=40example?=", "550 ‹…›"),
        ("550 &#114;eader.7 and \\x72eader.7", "550 ‹…› and ‹…›"),
        (
            "250 2.0.0 OK a12-20020a05600c0c8c00b0040b2b1d5 -",
            "250 2.0.0 OK a12-20020a05600c0c8c00b0040b2b1d5 -",
        ),
        ("550 over\r\ntwo\x00lines\x85\u2028more", "550 over two lines more"),
        ("550 \udcd1\udcce no UTF-8", "550 ?? no UTF-8"),
        ("250 2.0.0 Ok: queued as 4XyZ", "250 2.0.0 Ok: queued as 4XyZ"),
    ],
)
def test_a_reply_is_kept_without_addresses(text: str, expected: str) -> None:
    """The recipient in any spelling, and anybody else's address, become ‹…›."""
    assert mask(text, "reader.7@example.org") == expected


def test_a_kept_reply_is_short() -> None:
    """At most 300 letters, cut after masking."""
    assert mask("x" * 290 + " reader.7@example.org", "reader.7@example.org") == "x" * 290 + " ‹…›"
    assert len(mask("word " * 100, "reader.7@example.org")) == 300


def test_without_a_recipient_addresses_go_all_the_same() -> None:
    """As when an attempt ended by our own fault."""
    assert mask("550 reader.7@example.org", "") == "550 ‹…›"


local_parts = st.from_regex(
    r"[a-zа-яіў0-9!#$%&'*+/=?^_`{|}~-]{2,12}(\.[a-zа-яіў0-9_+-]{1,8})?", fullmatch=True
)
domains = st.from_regex(r"[a-z0-9]{1,8}\.(org|net|xn--p1ai|com)", fullmatch=True)
addresses = st.builds("{}@{}".format, local_parts, domains)
around = st.text(st.sampled_from("ab01 <>()[],;:'\"\r\n\t=."), max_size=12)


@given(addresses, st.data(), around, around)
def test_the_recipient_never_survives(address: str, data: st.DataObject, before: str, after: str) -> None:
    """In whatever letter case a server repeats it, and whatever stands around it."""
    capitals = data.draw(st.integers(0, 2 ** len(address)))
    said = "".join(
        letter.upper() if capitals >> place & 1 else letter for place, letter in enumerate(address)
    )

    kept = mask(f"550 {before}{said}{after} unknown", address)

    assert address.casefold() not in kept.casefold()


@given(addresses, around.filter(lambda text: not text[-1:].isalnum()), around)
def test_nobody_elses_address_survives(address: str, before: str, after: str) -> None:
    """A server may name a postmaster, or where a mailbox has moved to."""
    kept = mask(f"550 {before}{address}{after}", "reader.7@example.org")

    assert address.casefold() not in kept.casefold()


@given(st.text(), addresses)
@example("\ud800", "reader.7@example.org")
def test_what_is_kept_can_be_stored(text: str, address: str) -> None:
    """One line of whole UTF-8 without NUL, which PostgreSQL does not take."""
    kept = mask(text, address)

    assert kept.encode("utf-8").decode("utf-8") == kept
    assert len(kept.splitlines()) <= 1
    assert "\x00" not in kept


said = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[2-5][0-9]{2} [ -~]{0,340}", fullmatch=True),
    st.text(st.sampled_from("sSſKkK7. @<>reade\t\x7f\x85"), max_size=20),
)
recipients = st.one_of(
    addresses, st.text(max_size=12), st.text(st.sampled_from("sSſKkK7.@reade"), max_size=8)
)


@given(said, recipients)
@example("250 2.0.0 Ok: queued as 4XyZ", "reader.7@example.org")
@example("550 ss unknown", "ſſ@example.org")
@example("550 reader unknown", "reader")
@example(" 250 ok ", "reader.7@example.org")
def test_a_quick_look_changes_nothing(text: str, recipient: str) -> None:
    """Most replies have nothing to mask; they are kept as the thorough way would keep them."""
    assert _masked(text, recipient) == mask(text, recipient)


def test_a_quick_look_suffices_for_an_ordinary_answer() -> None:
    """So that an accepted copy costs no regular expression."""
    reply = "250 2.0.0 Ok: queued as 4XyZ"

    assert mask(reply, "reader.7@example.org") is reply
