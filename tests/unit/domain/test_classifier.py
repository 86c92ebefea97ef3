"""The judgement of replies: stage, words, enhanced code, basic code, in this order; and never an error."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.classifier import classify, parse_reply
from mailer.domain.judgement import blame
from mailer.domain.outcome import Blame, Stage
from mailer.domain.reply import Reply
from mailer.domain.reply_class import Cause, Hardness, ReplyClass

CONNECT, MAIL, RCPT, DATA, BODY, DOT = Stage
INVALID, MAILBOX, TRANSIENT, POLICY, MESSAGE, UNKNOWN = ReplyClass
HARD, SOFT, NONE = Hardness


@pytest.mark.parametrize(
    ("said", "cause", "verdict", "evidence"),
    [
        # No such mailbox.
        ("550 5.1.1 <a@example.org>... User Unknown", Cause.NO_MAILBOX, HARD, "text:no-mailbox"),
        ("550 5.7.1 No such user!", Cause.NO_MAILBOX, HARD, "text:no-mailbox"),
        ("551 not our customer", Cause.NO_MAILBOX, HARD, "text:no-mailbox"),
        ("550 sorry, no mailbox here by that name. (#5.1.1)", Cause.NO_MAILBOX, HARD, "text:no-mailbox"),
        ("550 Пользователь не найден", Cause.NO_MAILBOX, HARD, "text:no-mailbox"),
        ("550 5.1.1 see the page", Cause.NO_MAILBOX, HARD, "status:5.1.1"),
        ("550 5.1.2 see the page", Cause.NO_DOMAIN, HARD, "status:5.1.2"),
        ("550 Host unknown", Cause.NO_DOMAIN, HARD, "text:no-domain"),
        ("556 See RFC 7504", Cause.NO_DOMAIN, HARD, "code:556"),
        ("550 5.2.1 <a@example.org>... User Unknown", Cause.NO_MAILBOX, HARD, "text:no-mailbox"),
        ("550 5.1.1 Address rejected a@example.org", Cause.UNLISTED, HARD, "text:unlisted"),
        (
            "550 5.4.1 Recipient address rejected: Access denied.",
            Cause.EDGE_BLOCKED,
            HARD,
            "text:edge-blocked",
        ),
        # Nearly: "not now", a directory that hides.
        ("450 4.1.1 <a@example.org> User unknown", Cause.NO_MAILBOX, SOFT, "text:no-mailbox"),
        ("550 #5.1.0 Address rejected a@example.org", Cause.UNLISTED, HARD, "text:unlisted"),
        # A mailbox that takes nothing.
        ("552 5.2.2 Over quota", Cause.FULL, SOFT, "text:full"),
        ("452 4.2.2 The recipient's inbox is out of storage space.", Cause.FULL, SOFT, "text:full"),
        ("552 no words", Cause.FULL, SOFT, "code:552"),
        ("550 5.2.1 The account is inactive", Cause.DISABLED, SOFT, "text:disabled"),
        ("525 no words", Cause.DISABLED, SOFT, "code:525"),
        # Later.
        ("451 4.7.1 Greylisted, try again in 300 seconds", Cause.GREYLISTED, SOFT, "text:greylisted"),
        ("450 4.2.0 no words", Cause.GREYLISTED, SOFT, "status:4.2.0"),
        ("451 no words", Cause.GREYLISTED, SOFT, "code:451"),
        ("550 5.2.1 receiving mail at a rate that …", Cause.RECIPIENT_BUSY, SOFT, "text:recipient-busy"),
        ("450 4.2.1 no words", Cause.RECIPIENT_BUSY, SOFT, "status:4.2.1"),
        ("432 no words", Cause.RECIPIENT_BUSY, SOFT, "code:432"),
        ("550 5.4.5 Daily SMTP relay limit exceeded", Cause.RATE, SOFT, "text:rate"),
        ("550 5.1.1 x has sent to too many recipients this hour", Cause.RATE, SOFT, "text:rate"),
        ("421 4.7.0 no words", Cause.RATE, SOFT, "status:4.7.0"),
        ("451 4.7.650 no words", Cause.RATE, SOFT, "status:4.7.650"),
        ("421 Too many concurrent SMTP connections", Cause.CONNECTIONS, SOFT, "text:connections"),
        ("421 Max message per connection reached", Cause.MESSAGES, SOFT, "text:messages"),
        ("421 Too many messages in this session", Cause.MESSAGES, SOFT, "text:messages"),
        ("550 5.5.3 no words", Cause.TOO_MANY_RECIPIENTS, SOFT, "status:5.5.3"),
        ("452 4.5.3 Too many recipients", Cause.TOO_MANY_RECIPIENTS, SOFT, "text:too-many-recipients"),
        ("554 5.4.6 Too many hops", Cause.NETWORK, SOFT, "text:network"),
        ("connection timed out", Cause.NETWORK, SOFT, "text:network"),
        ("554 5.4.0 no words", Cause.NETWORK, SOFT, "status:5.4.0"),
        ("452 4.3.1 Insufficient system storage", Cause.SYSTEM, SOFT, "text:system"),
        ("421 no words", Cause.SYSTEM, SOFT, "code:421"),
        ("X-Unix; 255", Cause.SYSTEM, SOFT, "text:system"),
        # They refused us.
        ("421 4.7.28 unusual rate of mail", Cause.REPUTATION_RATE, SOFT, "text:reputation-rate"),
        ("421 4.7.28 no words", Cause.REPUTATION_RATE, SOFT, "status:4.7.28"),
        ("550 5.1.0 MailFrom is listed in Spamhaus", Cause.REPUTATION, SOFT, "text:reputation"),
        ("553 http://www.spamhaus.org/query/bl?ip=192.0.2.2", Cause.REPUTATION, SOFT, "text:reputation"),
        ("550 5.1.1 Too many invalid recipients", Cause.REPUTATION, SOFT, "text:reputation"),
        ("550 5.7.26 no words", Cause.AUTHENTICATION, SOFT, "status:5.7.26"),
        ("550 5.1.0 not allowed per its SPF record", Cause.AUTHENTICATION, SOFT, "text:authentication"),
        ("553 5.1.8 Domain does not exist", Cause.SENDER, SOFT, "status:5.1.8"),
        ("550 Sender verify failed: No such user", Cause.SENDER, SOFT, "text:sender"),
        ("535 no words", Cause.LOGIN, SOFT, "code:535"),
        ("554 5.7.1 Relay access denied", Cause.RELAYING, SOFT, "text:relaying"),
        ("550 Boxbe: confirm that you are a person", Cause.CHALLENGE, SOFT, "text:challenge"),
        ("550 5.1.1 suppressed for bouncing as an invalid address", Cause.RULE, SOFT, "text:rule"),
        ("550 5.7.1 no words", Cause.RULE, SOFT, "status:5.7.1"),
        # The message, or the dialogue.
        ("552 5.3.4 Message too large", Cause.SIZE, SOFT, "text:size"),
        ("552 5.2.3 no words", Cause.SIZE, SOFT, "status:5.2.3"),
        ("554 5.6.0 no words", Cause.CONTENT, SOFT, "status:5.6.0"),
        ("554 Malformed MIME", Cause.CONTENT, SOFT, "text:content"),
        ("550 5.6.7 no words", Cause.SMTPUTF8, SOFT, "status:5.6.7"),
        ("500 5.3.0 Error: command failed", Cause.PROTOCOL, SOFT, "code:500"),
        ("503 Bad sequence of commands", Cause.PROTOCOL, SOFT, "text:protocol"),
        # Nobody knows.
        ("550 5.2.0 Message Filtered", Cause.FILTERED, SOFT, "text:filtered"),
        ("550 Rejected", Cause.UNREADABLE, SOFT, "code:550"),
        ("550 5.0.0 Rejected", Cause.UNREADABLE, SOFT, "code:550"),
        ("", Cause.UNREADABLE, SOFT, "code:0"),
        ("250 2.1.5 Ok", Cause.NO_REFUSAL, NONE, "code:250"),
        ("354 User unknown", Cause.NO_REFUSAL, NONE, "code:354"),
    ],
)
def test_what_a_reply_means(said: str, cause: Cause, verdict: Hardness, evidence: str) -> None:
    """Words before codes, those that blame us before those that blame a reader."""
    meaning = classify(parse_reply(said), None)

    assert (cause, verdict, evidence) == (meaning.cause, meaning.verdict, meaning.evidence)


def test_yahoo_knows_its_mailboxes_after_the_message() -> None:
    """In its own words a missing mailbox is missing, though other servers' filters say so at that stage."""
    reply = parse_reply("554 delivery error: dd This user doesn't have a yahoo.example account")

    assert classify(reply, Stage.DOT).verdict is Hardness.HARD


@pytest.mark.parametrize(
    ("stage", "said", "expected", "verdict"),
    [
        (CONNECT, "550 5.1.1 User unknown", POLICY, SOFT),
        (MAIL, "550 5.1.1 User unknown", POLICY, SOFT),
        (MAIL, "450 4.1.1 User unknown", TRANSIENT, SOFT),
        (MAIL, "552 5.2.2 Mailbox full", POLICY, SOFT),
        (CONNECT, "554 No service here", POLICY, SOFT),
        (CONNECT, "421 Too many connections", TRANSIENT, SOFT),
        (MAIL, "552 5.3.4 Message too large", MESSAGE, SOFT),
        (RCPT, "550 5.1.1 User unknown", INVALID, HARD),
        (DATA, "550 5.1.1 User unknown", INVALID, SOFT),
        (DOT, "550 5.1.1 User unknown", INVALID, SOFT),
        (RCPT, "550 Rejected", UNKNOWN, SOFT),
        (DOT, "550 Rejected", POLICY, SOFT),
        (RCPT, "552 no words", MAILBOX, SOFT),
        (DOT, "552 no words", MESSAGE, SOFT),
    ],
)
def test_the_stage_comes_first(stage: Stage, said: str, expected: ReplyClass, verdict: Hardness) -> None:
    """Before RCPT nobody is named yet; after it, what nobody explains is what we send."""
    meaning = classify(parse_reply(said), stage)

    assert (expected, verdict) == (meaning.reply_class, meaning.verdict)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("550 5.1.1 Unknown user (in reply to RCPT TO command)", INVALID),
        ("550 5.1.1 Unknown user (in reply to MAIL FROM command)", POLICY),
        ("550 Unknown user (in reply to EHLO command)", POLICY),
        ("552 no words (in reply to end of DATA command)", MESSAGE),
        ("550 no words (in reply to a letter)", UNKNOWN),
    ],
)
def test_a_report_may_name_the_stage(said: str, expected: ReplyClass) -> None:
    """Postfix adds what a reply answered."""
    assert classify(parse_reply(said), None).reply_class is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("550 5.1.1 Unknown", Reply(550, "5.1.1 Unknown")),
        ("550-5.1.1 Unknown", Reply(550, "5.1.1 Unknown")),
        ("#550 5.1.1 Unknown", Reply(550, "5.1.1 Unknown")),
        ("smtp; 550 Unknown", Reply(550, "Unknown")),
        ("host mx.example.net[192.0.2.1] said: 450 4.2.0 Later", Reply(450, "4.2.0 Later")),
        ("550", Reply(550, "")),
        ("550: Unknown", Reply(550, "Unknown")),
        ("smtp;550-5.7.1 [192.0.2.1] No", Reply(550, "5.7.1 [192.0.2.1] No")),
        ("5.1.1 550 Unknown", Reply(550, "5.1.1 Unknown")),
        ("x-postfix; 450 Later", Reply(450, "Later")),
        ("host x [192.0.2.1]: 550 Gone", Reply(550, "host x [192.0.2.1]: 550 Gone")),
        ("x refused to talk to me: 554 No", Reply(554, "x refused to talk to me: 554 No")),
        ("error code 421", Reply(421, "error code 421")),
        ("X-Unix; 255", Reply(0, "X-Unix; 255")),
        ("port 25: 550 bytes", Reply(0, "port 25: 550 bytes")),
        ("5.1.1 Unknown", Reply(0, "5.1.1 Unknown")),
        ("connection timed out", Reply(0, "connection timed out")),
        ("1234 is no code", Reply(0, "1234 is no code")),
    ],
)
def test_a_reply_is_read_from_a_line(line: str, expected: Reply) -> None:
    """With whatever mail servers put before it; code 0 where there is none."""
    assert expected == parse_reply(line)


def test_words_inside_addresses_and_links_say_nothing() -> None:
    """An address may be called spam, a link may lead to a page about block lists."""
    said = "550 5.1.1 <spam@policy.example.org> unknown; see https://mx.example.net/policy?full=dkim"

    assert classify(parse_reply(said), RCPT).cause is Cause.NO_MAILBOX


def test_a_code_on_every_line_does_not_hide_the_words() -> None:
    """A reply of several lines repeats its code amid the sentence."""
    said = Reply(550, "5.1.1 The mailbox you tried 5.1.1 does not 5.1.1 exist")

    assert classify(said, RCPT).evidence == "text:no-mailbox"


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_class(cause: Cause) -> None:
    """What is waited for by cause is acted on by class."""
    assert cause.reply_class in ReplyClass


stages = st.one_of(st.none(), st.sampled_from(Stage))
texts = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}( [a-z ]{0,30})?", fullmatch=True),
    st.lists(
        st.sampled_from(
            ("user", "unknown", "5.1.1", "mailbox", "full", "not", "found", "policy", "sender", "550", "a@b")
        ),
        max_size=12,
    ).map(" ".join),
)


@given(st.integers(0, 999), texts, stages)
@example(550, "user " * 20_000, None)
@example(550, "exceeded " + "a" * 100_000, RCPT)
def test_every_reply_has_a_meaning(code: int, text: str, stage: Stage | None) -> None:
    """Whatever a server writes."""
    meaning = classify(Reply(code, text), stage)

    assert meaning.evidence
    assert (meaning.cause is Cause.NO_REFUSAL) is (meaning.verdict is NONE) is (code // 100 in (2, 3))


@given(st.integers(0, 999), texts, st.sampled_from((CONNECT, MAIL)))
def test_before_rcpt_no_reader_is_condemned(code: int, text: str, stage: Stage) -> None:
    """Nobody has been named yet."""
    reply = Reply(code, text)

    assert classify(reply, stage).reply_class not in (INVALID, MAILBOX)
    assert blame(reply, stage) is Blame.SENDER


@given(st.integers(0, 999), texts, stages)
def test_hard_is_said_once(code: int, text: str, stage: Stage | None) -> None:
    """Only of a mailbox that does not exist, only at RCPT or where the stage is unknown, never by 4yz."""
    meaning = classify(Reply(code, text), stage)

    if meaning.verdict is HARD:
        assert meaning.reply_class is INVALID
        assert stage in (None, RCPT)
        assert code // 100 != 4


@given(st.text(max_size=200))
def test_any_line_can_be_read(line: str) -> None:
    """A code of three digits or 0, and a text without space around it."""
    reply = parse_reply(line)

    assert reply.code == 0 or 200 <= reply.code <= 599
    assert reply.text == reply.text.strip()
