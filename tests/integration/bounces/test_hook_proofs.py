"""A provider's call is believed only with its proof; whoever has none learns nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.integration.bounces.doorstep import (
    DOORS,
    Doorstep,
)
from tests.integration.bounces.hook_callers import (
    BEARER,
    PASSWORD,
    PLACE,
    SUBSCRIBE,
    TOPIC,
    Callers,
    call,
    certificate,
)
from tests.integration.bounces.sorting_room import SortingRoom
from tests.unit.bounces.provider_events import brevo, mailgun, postmark, sendgrid, ses, ses_bounce


def _forged(callers: Callers) -> list[tuple[str, httpx.Request, int]]:
    bounce, listed = ses_bounce("Permanent", "General"), sendgrid("spamreport")
    lying_body = callers.sns(bounce)
    changed = orjson.loads(lying_body.content) | {"Message": "{}"}
    signed = callers.sendgrid(listed)
    old, ahead = callers.now - timedelta(days=2), callers.now + timedelta(days=2)
    late = timedelta(minutes=11)
    return [
        ("ses: another body", call("ses", orjson.dumps(changed)), 403),
        ("ses: no signature", call("ses", orjson.dumps(changed | {"Signature": ""})), 403),
        ("ses: another topic", callers.sns(bounce, TopicArn=f"{TOPIC}-2"), 403),
        ("ses: too old", callers.sns(bounce, Timestamp=old.isoformat()), 403),
        ("ses: no time", callers.sns(bounce, Timestamp="now"), 403),
        ("ses: time without zone", callers.sns(bounce, Timestamp="2026-11-23T12:00:00"), 403),
        ("ses: another host", callers.sns(bounce, SigningCertURL="https://example.net/x.pem"), 403),
        (
            "ses: a host that looks alike",
            callers.sns(bounce, SigningCertURL=PLACE.replace(".com/", ".com.example.net/")),
            403,
        ),
        ("ses: in the clear", callers.sns(bounce, SigningCertURL=PLACE.replace("https", "http")), 403),
        (
            "ses: another path",
            callers.sns(bounce, SigningCertURL=PLACE.replace("Simple", "x/../Simple")),
            403,
        ),
        ("ses: another region", callers.sns(bounce, SigningCertURL=PLACE.replace("central", "west")), 403),
        ("ses: an unknown kind", callers.sns(bounce, Type="Something"), 400),
        ("ses: no JSON", call("ses", b"{"), 400),
        (
            "sendgrid: another body",
            call("sendgrid", b"[]", dict(signed.headers) | {"content-length": "2"}),
            403,
        ),
        ("sendgrid: nothing shown", call("sendgrid", signed.content), 403),
        ("sendgrid: too old", callers.sendgrid(listed, at=callers.now - late), 403),
        ("sendgrid: ahead of time", callers.sendgrid(listed, at=callers.now + late), 403),
        ("mailgun: another key", callers.mailgun(mailgun("complained"), key=b"guessed"), 403),
        ("mailgun: too old", callers.mailgun(mailgun("complained"), at=old), 403),
        ("mailgun: ahead of time", callers.mailgun(mailgun("complained"), at=ahead), 403),
        ("mailgun: nothing shown", call("mailgun", b'{"event-data":{}}'), 403),
        ("mailgun: no JSON", call("mailgun", b"x"), 400),
        ("postmark: another password", callers.postmark(postmark("SpamComplaint"), password=b"guess"), 401),
        ("postmark: nothing shown", call("postmark", postmark("SpamComplaint")), 401),
        ("postmark: no base64", call("postmark", b"{}", {"authorization": "Basic ~"}), 401),
        ("postmark: no object", callers.postmark(b"[]"), 400),
        ("brevo: another token", callers.brevo(brevo("spam"), token=b"guess"), 401),
        ("brevo: another scheme", call("brevo", brevo("spam"), {"authorization": "Basic YQ=="}), 401),
        ("brevo: no object", callers.brevo(b"7"), 400),
        ("brevo: too many", callers.brevo(b"[" + b"{}," * 5000 + b"{}]"), 413),
        ("brevo: too long", callers.brevo(b"[" + b" " * 1_000_000 + b"]"), 413),
    ]


def test_without_its_proof_nothing_is_taken(room: SortingRoom, doorstep: Doorstep, fresh: Callers) -> None:
    """Whatever is wrong with a proof, the answer is a bare refusal, and nothing is stored or fetched."""
    forged = _forged(fresh)

    answers = doorstep.bring(*(request for _, request, _ in forged))

    assert [(name, status) for name, _, status in forged] == [
        (name, answer) for (name, _, _), answer in zip(forged, answers, strict=True)
    ]
    assert room.store.rows("report") == []
    assert set(fresh.fetched) <= {PLACE}


@pytest.mark.parametrize("version", ["1", "2"])
def test_sns_signs_in_two_ways(doorstep: Doorstep, fresh: Callers, version: str) -> None:
    """SHA-1, which SNS takes unless told otherwise, and SHA-256; one certificate is fetched once."""
    bounce = ses_bounce("Permanent", "General")
    calls = [fresh.sns(bounce, version=version), fresh.sns(bounce, version=version, Subject="A subject")]

    assert doorstep.bring(*calls) == [200, 200]
    assert fresh.fetched == [PLACE]


@pytest.mark.parametrize(
    "name", ["sns.amazonaws.com", "sns-signing.me-south-1.amazonaws.com", "sns-cn-north-1.amazonaws.com.cn"]
)
def test_certificates_of_sns_are_believed(doorstep: Doorstep, fresh: Callers, name: str) -> None:
    """Under each name that Amazon gives them in some region."""
    fresh.lying[PLACE] = certificate(
        fresh.sns_key, name, since=fresh.now - timedelta(1), until=fresh.now + timedelta(1)
    )

    assert doorstep.bring(fresh.sns(ses("Open"))) == [200]


def test_no_other_certificate_is_believed(room: SortingRoom, fresh: Callers, tmp_path: Path) -> None:
    """Of another name, out of its time, with another key, or none at all: even where Amazon serves it."""
    day, key = timedelta(1), fresh.sns_key
    yesterday, tomorrow = fresh.now - day, fresh.now + day
    others = [
        certificate(key, "sns.amazonaws.com.example.net", since=yesterday, until=tomorrow),
        certificate(key, since=yesterday - day, until=yesterday),
        certificate(key, since=tomorrow, until=tomorrow + day),
        certificate(rsa.generate_private_key(65537, 2048), since=yesterday, until=tomorrow),
        certificate(ec.generate_private_key(ec.SECP256R1()), since=yesterday, until=tomorrow),
        b"no certificate",
    ]

    for other in others:
        fresh.lying[PLACE] = other
        assert Doorstep(room, fresh.trust, tmp_path).bring(fresh.sns(ses("Open"))) == [403]


def test_a_certificate_that_cant_be_had_is_asked_for_again(doorstep: Doorstep, fresh: Callers) -> None:
    """503 while Amazon can't be reached, so that SNS comes back; and strangers can't make us ask for ever."""
    known = fresh.lying.pop(PLACE)
    call_ = fresh.sns(ses("Open"))

    assert doorstep.bring(*[call_] * 15) == [503] * 15
    assert len(fresh.fetched) == 10

    fresh.lying[PLACE] = known
    assert doorstep.bring(call_) == [503]


def test_a_subscription_is_confirmed_for_our_topic_only(doorstep: Doorstep, fresh: Callers) -> None:
    """We answer SNS's question at its own address, in the topic's region; never elsewhere."""
    elsewhere = "https://example.net/?Action=ConfirmSubscription"
    asked = [
        fresh.confirmation(),
        fresh.confirmation(TopicArn=f"{TOPIC}-2"),
        fresh.confirmation(SubscribeURL=elsewhere),
        fresh.confirmation(SubscribeURL=SUBSCRIBE.replace("central", "west")),
        fresh.confirmation(Type="UnsubscribeConfirmation"),
    ]

    assert doorstep.bring(*asked) == [200, 403, 403, 403, 200]
    assert fresh.fetched == [PLACE, SUBSCRIBE]


def test_the_log_says_why_and_nothing_of_the_call(
    doorstep: Doorstep, fresh: Callers, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a minute for an operator, in words of ours; no address, no secret, nothing that was sent."""
    forged = [request for _, request, _ in _forged(fresh)]

    doorstep.bring(*forged, *forged)

    said = "".join(capsys.readouterr())
    assert said.count("hook.refused") == len(DOORS)
    for word in ("example.org", "example.net", "guess", PASSWORD.decode(), BEARER.decode(), TOPIC):
        assert word not in said
