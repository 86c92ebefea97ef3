"""Bounces in forms that no table knows, and what must never be taken for a recipient."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.bounces.legacy import find_notices, form_of
from mailer.domain.outcome import Stage
from mailer.domain.returned_mail import Notice

POSTMASTER = "Mail System <postmaster@example.net>"

# Language or trait, text, the recipients to be found.
UNSEEN = [
    (
        "forwarded",
        "> Delivery failed:\n>\n>   reader@example.org\n>   no such user\n",
        ["reader@example.org"],
    ),
    ("labelled", "Could not deliver to SMTP:reader@example.org\n", ["reader@example.org"]),
    (
        "no-addresses",
        "Delivery to reader@example.org failed, see a@b/c@d, x@localhost\n",
        ["reader@example.org"],
    ),
    (
        "report-passed-on",
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\n\nDelivery to reader@example.org failed\n",
        ["reader@example.org"],
    ),
    (
        "passed-on-in-full",
        "Received: from mx\nFrom: MAILER-DAEMON@example.net\n\nDelivery to reader@example.org failed\n",
        ["reader@example.org"],
    ),
    ("too-long", f"Delivery failed:\n{'y' * 129}@example.org\nreader@example.org", ["reader@example.org"]),
    (
        "folded-header",
        (
            "It could not be delivered.\n\nReceived: from mx.example.net\n by mx.example.com\n"
            " for <reader@example.org>; Mon\nTo: list@example.com\n"
        ),
        ["reader@example.org"],
    ),
    (
        "be",
        "Паведамленне не дастаўлена.\n\nАтрымальнік: reader@example.org\nПрычына: няма такой скрыні",
        ["reader@example.org"],
    ),
    (
        "be-list",
        "Не ўдалося даставіць ліст на наступныя адрасы:\n\n  adzin@example.org\n  dva@example.org\n",
        ["adzin@example.org", "dva@example.org"],
    ),
    ("ru", "Ваше письмо для reader@example.org не доставлено: ящик не существует.", ["reader@example.org"]),
    ("uk", "Не вдалося доставити лист.\n\nОдержувач: reader@example.org\n", ["reader@example.org"]),
    (
        "pl",
        "Twoja wiadomość nie została dostarczona.\n\nAdresat: reader@example.org\nPowód: nieznany użytkownik",
        ["reader@example.org"],
    ),
    ("de", "Ihre Nachricht an reader@example.org konnte nicht zugestellt werden.", ["reader@example.org"]),
    ("fr", "Votre message n'a pas pu être remis à :\n\n  reader@example.org\n", ["reader@example.org"]),
    (
        "es",
        "Su mensaje no se pudo entregar a <reader@example.org>\nUsuario desconocido",
        ["reader@example.org"],
    ),
    ("pt", "A sua mensagem não foi entregue.\nDestinatário: reader@example.org\n", ["reader@example.org"]),
    ("it", "Impossibile consegnare il messaggio a:\n  reader@example.org\n", ["reader@example.org"]),
    ("cs", "Zprávu nelze doručit.\n\nreader@example.org: neexistuje\n", ["reader@example.org"]),
    ("ja", "次の宛先にメールを送信できませんでした。\n\n<reader@example.org>\n", ["reader@example.org"]),
    ("zh", "您的邮件被拒绝：reader@example.org\n", ["reader@example.org"]),
    (
        "angle-colon",
        "Nothing came of it.\n\n<reader@example.org>:\nthat mailbox is gone\n",
        ["reader@example.org"],
    ),
    (
        "cyrillic",
        "Письмо не доставлено.\n\n  <чытач@пошта.example.org>: нет такого ящика\n",
        ["чытач@пошта.example.org"],
    ),
    ("idn", "Delivery failed: reader@xn--80ak6aa92e.example.org\n", ["reader@xn--80ak6aa92e.example.org"]),
    (
        "split",
        "Delivery failed for\n<a.reader.with.a.very.long.name@\n    example.org>\n",
        ["a.reader.with.a.very.long.name@example.org"],
    ),
    (
        "quoted-original",
        (
            "Could not deliver your mail to reader@example.org\n\nReturn-Path: <desk@example.com>\n"
            "To: other@example.org\n"
        ),
        ["reader@example.org"],
    ),
    (
        "only-in-original",
        (
            "Message could not be delivered to mobile.\n\nOriginal Message:\nFrom: desk@example.com\n"
            "To: reader@example.org\n"
        ),
        ["reader@example.org"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in UNSEEN], ids=[row[0] for row in UNSEEN])
def test_general_rules_find_the_recipients_of_forms_nobody_has_seen(text: str, expected: list[str]) -> None:
    """Words of failure near an address are enough, in any of the languages we know."""
    notices = find_notices(text, POSTMASTER, "Undelivered")

    assert form_of(text) is None
    assert expected == [notice.recipient for notice in notices]


@pytest.mark.parametrize(
    "line",
    [
        "For help contact postmaster@example.net",
        "For help contact desk@example.com",
        "Sent by: desk@example.com",
        "Message-ID: <20260330081819.3619.qmail@mx.example.net>",
        "Отправитель: desk@example.com",
        "Hello desk@example.com,",
        "Mail System <postmaster@example.net>",
        "Failed, says postmaster@example.com",
        "Failed: 20260330081819.3619.qmail@mx.example.net",
    ],
)
def test_nobody_else_is_taken_for_a_recipient(line: str) -> None:
    """Postmasters, senders and Message-IDs never are, wherever they stand."""
    text = f"{line}\n\nYour mail could not be delivered to this address:\n\n  reader@example.org\n\n{line}\n"

    notices = find_notices(text, POSTMASTER, "Failure")

    assert [notice.recipient for notice in notices] == ["reader@example.org"]


def test_the_senders_of_the_quoted_message_are_not_recipients() -> None:
    """Our own address, known from the quotation, is left out even beside words of failure."""
    text = (
        "Mail failed:\n  desk@example.com\n  reader@example.org\n\n"
        "--- Original message ---\nFrom: desk@example.com\nTo: reader@example.org\n"
    )

    notices = find_notices(text, POSTMASTER, "")

    assert [notice.recipient for notice in notices] == ["reader@example.org"]


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (
            "The following address(es) failed:",
            "  inbox@example.net\n    (generated from reader@example.org)\n    ",
        ),
        ("The mail failed.", "<inbox@example.net> (expanded from\n    <reader@example.org>): "),
        (
            "Could not be delivered for 2 hours.",
            "<inbox@example.net> (expanded from\n    <reader@example.org>): ",
        ),
    ],
)
def test_an_alias_is_another_spelling(head: str, named: str) -> None:
    """Whom a mail was addressed to stays known where it was refused further on."""
    notices = find_notices(f"{head}\n\n{named}mailbox is full\n", POSTMASTER, "")

    assert notices == (Notice("inbox@example.net", text="mailbox is full", also=("reader@example.org",)),)


def test_a_bounce_that_names_nobody_still_says_why() -> None:
    """The reason is kept; whom it concerns, the return path may tell."""
    notices = find_notices("Your mail was rejected.\n\n550 5.7.1 Blocked for spam\n", POSTMASTER, "")

    assert notices == (Notice(None, "5.7.1", 550, "550 5.7.1 Blocked for spam"),)


def test_a_notice_that_comes_in_every_language_is_judged_in_english() -> None:
    """A group's refusal blames us in Hindi too; whom it was for, the quoted header says."""
    text = (
        "नमस्कार desk@example.com,\n\nहो सकता है कि वह मौजूद न हो: https://groups.google.com/support/\n\n"
        "----- Original message -----\n\nFrom: desk@example.com\nTo: group@example.org\n"
    )

    (notice,) = find_notices(text, POSTMASTER, "Delivery Status Notification (Failure)")

    assert notice.recipient == "group@example.org"
    assert "permission to post" in notice.text


def test_a_reply_may_stand_before_its_recipient() -> None:
    """What follows the recipient are other fields; the refusal above is the reason."""
    text = (
        "Error: Invalid user address\n550 - Requested action not taken: no such user here\n\n"
        "Message details:\n  MAIL FROM: desk@example.com\n"
        "  RCPT TO: reader@example.org\n  Size (in bytes): 39\n"
    )

    (notice,) = find_notices(text, POSTMASTER, "Re: This week")

    assert (notice.recipient, notice.reply_code, notice.stage) == ("reader@example.org", 550, Stage.RCPT)


def test_what_speaks_of_no_failure_says_nothing() -> None:
    """A letter with an address in it is no bounce."""
    assert (
        find_notices("Thank you for the letter!\n\nYours, reader\n", "reader@example.org", "Re: This week")
        == ()
    )


def test_the_reason_may_stand_in_the_subject_only() -> None:
    """Some mail servers say it nowhere else."""
    (notice,) = find_notices("<reader@example.org>:\n", "MAILER-DAEMON", "Returned mail: User unknown")

    assert (notice.recipient, notice.text) == ("reader@example.org", "Returned mail: User unknown")


def test_the_stage_of_a_refusal_is_read_from_the_wrapper() -> None:
    """A refusal after MAIL FROM blames us, whatever its words; so the wrapper must not be lost."""
    text = (
        "The following address(es) failed:\n\n  reader@example.org\n"
        "    SMTP error from remote mail server after MAIL FROM:<desk@example.com> SIZE=100:\n"
        "    550 user unknown\n"
    )

    (notice,) = find_notices(text, POSTMASTER, "")

    assert (notice.reply_code, notice.stage, notice.text) == (550, Stage.MAIL, "550 user unknown")


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "-",
        "<",
        "@",
        "\n",
        ">",
        "a@",
        "<a",
        "<a\n",
        "a@example.org ",
        "<a@example.org>:\n",
        "550 ",
        "Received: ",
        "-- \n",
        "Return-Path: <>\n",
        "... 550 ",
        "failed:\n",
        "x" * 400 + "<",
        "- original ",
        "\t",
        "5.1.1 ",
        "(",
        "delivery ",
    ],
)
def test_long_runs_are_read_without_getting_lost(piece: str) -> None:
    """What repeats for 200 kB ends, in any form; a rule that goes back and forth would stop the run."""
    heads = (
        "",
        "The following address(es) failed:\n",
        "Transcript of session follows.\n",
        "InterScan Messaging Security\n",
    )

    for head in heads:
        text = (head + piece * (200_000 // len(piece)))[:200_000]
        assert len(find_notices(text, POSTMASTER, piece * 100)) <= 100


_PIECES = st.sampled_from(
    [
        "failed:",
        "<reader@example.org>",
        "reader@example.org",
        "550",
        "5.1.1",
        "\n",
        "\n\n",
        " ",
        "Received: from",
        ">>> RCPT TO:",
        "<<<",
        "Transcript of session follows",
        "Final-Recipient: rfc822;",
        "(generated from",
        "@",
        "\x00",
        "\udc80",
        "Final",
        "不存在",
        "Original message follows.",
        "To: ",
        "From: ",
        "> ",
        "...",
    ],
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=30).map("".join), st.text(max_size=30))
def test_any_text_is_read_without_error(text: str, header: str) -> None:
    """Whatever a stranger sends, notices come out, each on one line."""
    for notice in find_notices(text, header, header):
        assert "\n" not in notice.text
        assert notice.recipient is None or "@" in notice.recipient
