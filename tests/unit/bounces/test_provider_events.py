"""What providers' events mean: a table per provider, judged by the one classifier."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.bounces.matching import PROVEN_DOORS
from mailer.bounces.providers import brevo as brevo_events
from mailer.bounces.providers import mailgun as mailgun_events
from mailer.bounces.providers import postmark as postmark_events
from mailer.bounces.providers import sendgrid as sendgrid_events
from mailer.bounces.providers import ses as ses_events
from mailer.bounces.providers.reading import WEBHOOK_READERS, read_event
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Hardness, ReplyClass
from mailer.domain.returned_mail import MailKind
from tests.unit.bounces.provider_events import (
    READER,
    TOKEN,
    brevo,
    mailgun,
    postmark,
    sendgrid,
    ses,
    ses_bounce,
)

GONE = "550 5.1.1 The email account that you tried to reach does not exist"
FULL = "452 4.2.2 The recipient's mailbox is over quota"
SPAM = "550 5.7.1 Message rejected due to local policy: listed by a block list"
_INVALID = (ReplyClass.INVALID, Hardness.HARD)
_STRIKE = (ReplyClass.INVALID, Hardness.SOFT)
_MAILBOX = (ReplyClass.MAILBOX, Hardness.SOFT)
_POLICY = (ReplyClass.POLICY, Hardness.SOFT)
_UNKNOWN = (ReplyClass.UNKNOWN, Hardness.SOFT)

BOUNCES = [
    (
        "ses",
        ses_bounce("Permanent", "General", {"diagnosticCode": f"smtp; {GONE}", "status": "5.1.1"}),
        _INVALID,
    ),
    ("ses", ses_bounce("Permanent", "NoEmail", {"status": "5_.1.1"}), _INVALID),
    (
        "ses",
        ses_bounce("Permanent", "General", {"diagnosticCode": f"smtp; {SPAM}", "status": "5.7.1"}),
        _POLICY,
    ),
    ("ses", ses_bounce("Permanent", "Suppressed", {"diagnosticCode": GONE, "status": "5.1.1"}), _POLICY),
    ("ses", ses_bounce("Permanent", "OnAccountSuppressionList", {"status": "5.1.1"}), _POLICY),
    (
        "ses",
        ses(
            "Complaint",
            complaint={
                "complainedRecipients": [{"emailAddress": READER}],
                "complaintSubType": "OnAccountSuppressionList",
            },
        ),
        _POLICY,
    ),
    ("ses", ses_bounce("Permanent", "General"), _UNKNOWN),
    ("ses", ses_bounce("Transient", "MailboxFull", {"diagnosticCode": f"smtp; {FULL}"}), _MAILBOX),
    (
        "ses",
        ses_bounce(
            "Transient", "General", {"diagnosticCode": "smtp; 550 5.4.4 Invalid domain", "status": "5.4.4"}
        ),
        _INVALID,
    ),
    ("ses", ses_bounce("Undetermined", "Undetermined"), _UNKNOWN),
    ("sendgrid", sendgrid("bounce", type="bounce", reason=GONE, status="5.1.1"), _INVALID),
    ("sendgrid", sendgrid("bounce", type="bounce", reason=SPAM, status="5.7.1"), _POLICY),
    ("sendgrid", sendgrid("bounce", type="blocked", reason="550 5.1.1 rejected", status="5.1.1"), _POLICY),
    ("sendgrid", sendgrid("blocked", reason="no reason given"), _POLICY),
    (
        "sendgrid",
        sendgrid("bounce", type="blocked", reason=FULL, bounce_classification="Mailbox Unavailable"),
        _MAILBOX,
    ),
    ("sendgrid", sendgrid("dropped", reason="Bounced Address"), _POLICY),
    ("sendgrid", sendgrid("dropped", reason="Unsubscribed Address"), _POLICY),
    ("sendgrid", sendgrid("dropped", reason="Recipient List over Package Quota"), _POLICY),
    (
        "mailgun",
        mailgun(
            "failed",
            severity="permanent",
            reason="bounce",
            **{"delivery-status": {"code": 550, "message": GONE}},
        ),
        _INVALID,
    ),
    (
        "mailgun",
        mailgun("failed", severity="permanent", reason="espblock", **{"delivery-status": {"message": GONE}}),
        _POLICY,
    ),
    (
        "mailgun",
        mailgun(
            "failed",
            severity="permanent",
            reason="suppress-bounce",
            **{
                "delivery-status": {
                    "code": 605,
                    "description": "Not delivering to previously bounced address",
                }
            },
        ),
        _POLICY,
    ),
    (
        "mailgun",
        mailgun(
            "failed",
            severity="permanent",
            reason="generic",
            **{"delivery-status": {"code": 498, "message": "", "description": "No MX for example.org"}},
        ),
        _STRIKE,
    ),
    (
        "mailgun",
        mailgun("rejected", reject={"reason": "Sandbox subdomains are for test purposes only"}),
        _POLICY,
    ),
    ("postmark", postmark("Bounce", Type="HardBounce", Details=f"smtp;{GONE}"), _INVALID),
    ("postmark", postmark("Bounce", Type="HardBounce", Details=""), _UNKNOWN),
    ("postmark", postmark("Bounce", Type="HardBounce", Details=SPAM), _POLICY),
    ("postmark", postmark("Bounce", Type="SoftBounce", Details=FULL), _MAILBOX),
    ("postmark", postmark("Bounce", Type="Blocked", Details=GONE), _POLICY),
    ("postmark", postmark("Bounce", Type="SpamNotification", Details="no thanks"), _POLICY),
    ("postmark", postmark("Bounce", Type="DMARCPolicy", Details=""), _POLICY),
    ("postmark", postmark("Bounce", Type="ManuallyDeactivated", Details=""), _POLICY),
    ("postmark", postmark("Bounce", Type="BadEmailAddress", Details=""), _UNKNOWN),
    ("postmark", postmark("Bounce", Type="SomethingNew", Details=""), _UNKNOWN),
    ("brevo", brevo("hard_bounce", reason=GONE), _INVALID),
    ("brevo", brevo("hard_bounce", reason=SPAM), _POLICY),
    ("brevo", brevo("soft_bounce", reason=FULL), _MAILBOX),
    ("brevo", brevo("blocked", reason="blocked : due to blacklist user"), _POLICY),
    ("brevo", brevo("invalid_email"), _UNKNOWN),
    ("brevo", brevo("error", reason="internal"), _POLICY),
]

KINDS = [
    ("ses", ses_bounce("Transient", "General"), MailKind.AUTO_REPLY),
    (
        "ses",
        ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": READER}]}),
        MailKind.COMPLAINT,
    ),
    ("ses", ses("Delivery", delivery={"recipients": [READER], "smtpResponse": "250 ok"}), MailKind.SUCCESS),
    (
        "ses",
        ses("DeliveryDelay", deliveryDelay={"delayedRecipients": [{"emailAddress": READER}]}),
        MailKind.DELAY,
    ),
    (
        "ses",
        ses("Subscription", subscription={"newTopicPreferences": {"unsubscribeAll": True}}),
        MailKind.UNSUBSCRIBE,
    ),
    (
        "ses",
        ses("Subscription", subscription={"newTopicPreferences": {"unsubscribeAll": False}}),
        MailKind.STATISTICS,
    ),
    ("ses", ses("Open"), MailKind.STATISTICS),
    ("ses", ses("SomethingNew"), MailKind.STATISTICS),
    ("sendgrid", sendgrid("deferred", response="451 4.7.1 Try again later"), MailKind.DELAY),
    ("sendgrid", sendgrid("spamreport"), MailKind.COMPLAINT),
    ("sendgrid", sendgrid("unsubscribe"), MailKind.UNSUBSCRIBE),
    ("sendgrid", sendgrid("group_unsubscribe", asm_group_id=1), MailKind.UNSUBSCRIBE),
    ("sendgrid", sendgrid("group_resubscribe"), MailKind.STATISTICS),
    ("sendgrid", sendgrid("open"), MailKind.STATISTICS),
    ("mailgun", mailgun("failed", severity="temporary", reason="generic"), MailKind.DELAY),
    ("mailgun", mailgun("complained"), MailKind.COMPLAINT),
    ("mailgun", mailgun("unsubscribed"), MailKind.UNSUBSCRIBE),
    ("mailgun", mailgun("delivered"), MailKind.STATISTICS),
    ("postmark", postmark("Bounce", Type="Transient", Details="smtp;421 busy"), MailKind.DELAY),
    ("postmark", postmark("Bounce", Type="AutoResponder"), MailKind.AUTO_REPLY),
    ("postmark", postmark("Bounce", Type="ChallengeVerification"), MailKind.CHALLENGE),
    ("postmark", postmark("Bounce", Type="Subscribe"), MailKind.STATISTICS),
    ("postmark", postmark("Bounce", Type="SpamComplaint"), MailKind.COMPLAINT),
    ("postmark", postmark("SpamComplaint", Type="SpamComplaint"), MailKind.COMPLAINT),
    (
        "postmark",
        postmark(
            "SubscriptionChange",
            SuppressSending=True,
            SuppressionReason="ManualSuppression",
            Origin="Recipient",
        ),
        MailKind.UNSUBSCRIBE,
    ),
    (
        "postmark",
        postmark(
            "SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce", Origin="Recipient"
        ),
        MailKind.STATISTICS,
    ),
    (
        "postmark",
        postmark("SubscriptionChange", SuppressSending=False, SuppressionReason=None, Origin="Customer"),
        MailKind.STATISTICS,
    ),
    ("postmark", postmark("Open"), MailKind.STATISTICS),
    ("brevo", brevo("deferred", reason="421 busy"), MailKind.DELAY),
    ("brevo", brevo("spam"), MailKind.COMPLAINT),
    ("brevo", brevo("complaint"), MailKind.COMPLAINT),
    ("brevo", brevo("unsubscribed"), MailKind.UNSUBSCRIBE),
    ("brevo", brevo("proxy_open"), MailKind.STATISTICS),
]


@pytest.mark.parametrize(("door", "raw", "judged"), BOUNCES)
def test_a_bounce_is_judged_by_the_servers_words(
    door: str, raw: bytes, judged: tuple[ReplyClass, Hardness]
) -> None:
    """A provider's own class is a hint: it can soften what the words say, and never condemns by itself."""
    mail = read_event(door, raw)

    assert mail.kind is MailKind.BOUNCE
    meaning = judge_notice(mail.notices[0], mail.kind)
    assert (meaning.reply_class, meaning.verdict) == judged


@pytest.mark.parametrize(("door", "raw", "kind"), KINDS)
def test_an_event_is_of_its_kind(door: str, raw: bytes, kind: MailKind) -> None:
    """What is no bounce is never read as one; what is new or about nobody's mailbox is nothing."""
    assert read_event(door, raw).kind is kind


@pytest.mark.parametrize(("door", "raw"), [(door, raw) for door, raw, _ in BOUNCES])
def test_an_event_names_its_copy(door: str, raw: bytes) -> None:
    """Our token is found where each provider repeats it, and the address where it names it."""
    mail = read_event(door, raw)

    assert mail.return_path is not None
    assert mail.return_path.startswith(f"{TOKEN}@")
    assert mail.notices[0].recipient == READER


def test_ses_hands_back_the_tag_where_the_source_is_its_own() -> None:
    """Where SES shows another sender, the message tag that our profile set still names the copy."""
    event = orjson.loads(ses("Complaint", complaint={"complainedRecipients": [{"emailAddress": READER}]}))
    event["mail"] |= {"source": "news@example.net", "tags": {"mailer": [TOKEN]}}

    assert read_event("ses", orjson.dumps(event)).return_path == f"{TOKEN}@"


def test_every_door_that_is_believed_has_its_reader() -> None:
    """Whoever may name a reader by address is a provider that proves itself, and no other."""
    assert WEBHOOK_READERS.keys() == PROVEN_DOORS


def test_ses_names_every_recipient() -> None:
    """An event about several recipients gives each its own notice."""
    other = {"emailAddress": "second@example.org", "diagnosticCode": f"smtp; {FULL}"}
    raw = ses_bounce("Permanent", "General", {"diagnosticCode": f"smtp; {GONE}"}, other)

    mail = read_event("ses", raw)

    assert [each.recipient for each in mail.notices] == [READER, "second@example.org"]
    verdicts = [judge_notice(each, mail.kind).verdict for each in mail.notices]
    assert verdicts == [Hardness.HARD, Hardness.SOFT]


def test_an_event_keeps_its_name() -> None:
    """The same event brought again has the same name, by which it is stored only once."""
    bounce = ses_bounce("Permanent", "General")
    listed = b"[" + sendgrid("bounce") + b"," + sendgrid("open", sg_event_id="ev-2") + b"]"
    sent = sendgrid_events.events_in(listed)
    by_brevo = brevo_events.events_in(brevo("spam"))
    by_postmark = postmark_events.events_in(postmark("Bounce"))

    assert [each.event_id for each in ses_events.events_in(bounce.decode(), "sns-1")] == ["0100018f-feedback"]
    assert [each.event_id for each in ses_events.events_in(ses("Open").decode(), "sns-1")] == ["sns-1"]
    assert sent is not None
    assert [each.event_id for each in sent] == ["ev-1", "ev-2"]
    assert [each.event_id for each in mailgun_events.events_in({"event-data": {"id": "ev-1"}})] == ["ev-1"]
    assert by_brevo is not None
    assert [each.event_id for each in by_brevo] == ["spam <c0ffee@example.net> 1795424400000"]
    assert by_postmark is not None
    assert [each.event_id for each in by_postmark] == ["Bounce 4323372036854775807"]


def test_brevo_may_bring_several_at_once() -> None:
    """A list of Brevo's events is as many events; an event without a name is known by its bytes."""
    events = brevo_events.events_in(b'[{"event":"spam"},7,{"event":"open"}]')

    assert events is not None
    assert [(each.raw, each.event_id) for each in events] == [
        (b'{"event":"spam"}', None),
        (b'{"event":"open"}', None),
    ]


@pytest.mark.parametrize("body", [b"", b"7", b"null", b'"x"', b"{", b"\xff", b"[" * 3000 + b"]" * 3000])
def test_what_is_no_event_is_none(body: bytes) -> None:
    """Anything but the JSON that a provider sends is no event."""
    assert not sendgrid_events.events_in(body)
    assert not brevo_events.events_in(body)
    assert not postmark_events.events_in(body)
    assert not ses_events.events_in(body.decode("latin-1"), "")
    assert {read_event(door, body).kind for door in WEBHOOK_READERS} == {MailKind.STATISTICS}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_WORDS = sorted({door_raw for _, raw, *_ in [*BOUNCES, *KINDS] for door_raw in orjson.loads(raw)})


@given(
    fields=st.dictionaries(st.sampled_from(_WORDS), _JSON, max_size=6),
    door=st.sampled_from([*WEBHOOK_READERS]),
)
def test_no_json_stops_a_reader(fields: dict[str, object], door: str) -> None:
    """Whatever a field holds, a reader says what the event is and raises nothing."""
    assert read_event(door, orjson.dumps(fields)).kind in MailKind
