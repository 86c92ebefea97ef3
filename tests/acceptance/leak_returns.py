"""What comes back of canary readers' copies: every kind of mail and call, each repeating the address."""

from __future__ import annotations

import json
import re
import smtplib
from collections.abc import Callable
from itertools import cycle as turning

from tests.acceptance.canaries import SPELLINGS, address
from tests.acceptance.leak_cycle import PROVIDERS_PASSWORD, Cycle, until

DOMAIN = "returns.example.org"


def come_back(one: Cycle) -> None:
    """Bring something back of most copies, see it followed, and see what is waiting for a person.

    Not of the first fifth: they leave by themselves afterwards, and come back.
    """
    spelled, returned = turning(SPELLINGS), sorted(one.far_end.return_paths.items())[one.readers // 5 :]
    with smtplib.SMTP(*_door(one), local_hostname="mx.example.com", timeout=30) as door:
        for (to, return_path), kind in zip(returned, turning(_KINDS), strict=False):
            door.sendmail("", [return_path], kind(to, return_path, next(spelled)(to)))
        _knock_wrongly(one, door)
    call(one)
    until(lambda: b"human" in one.values()["table consequence"], "the last that came back is followed")
    for command in (("bounces", "waiting"), ("bounces", "waiting", "--json"), ("issue", "stats", "--json")):
        one.run(*command)


def call(one: Cycle) -> None:
    """A provider reports by our pages, with and without its proof, and in nonsense."""
    event = {"RecordType": "Bounce", "ID": 1, "Type": "HardBounce", "Email": address(9)}
    event["Details"] = f"smtp;550 5.1.1 {address(9)} no such user"
    proofs = ("mailer", PROVIDERS_PASSWORD), ("mailer", address(9)), (address(9), PROVIDERS_PASSWORD)
    for body in (json.dumps(event), json.dumps({**event, "ID": 2})[:-9], f'"{address(9)}"'):
        for proof in proofs:
            one.ask("POST", "/hooks/postmark", content=body.encode(), auth=proof)


def _door(one: Cycle) -> tuple[str, int]:
    ways = re.findall(r"Returned mail comes in by SMTP at (\S+):(\d+)", one.log.read_text("utf-8"))
    host, port = ways[-1]
    return host, int(port)


def _knock_wrongly(one: Cycle, door: smtplib.SMTP) -> None:
    typed = address(0)
    for command in (f"MAIL FROM:<{typed}> {typed}", f"VRFY {typed}", f"EXPN {typed}", typed, "MAIL FROM:<>"):
        code, said = door.docmd(command)
        one.keep(f"answer of the door, {code}", said)
    for recipient in (typed, f"{typed.partition('@')[0]}@{DOMAIN}"):
        code, said = door.rcpt(recipient)
        one.keep(f"answer of the door, {code}", said)
        assert code // 100 == 5


def _report(to: str, return_path: str, status: str, words: str) -> bytes:
    return f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: {return_path}
Subject: Undelivered mail to {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

I could not deliver your mail to {to}: {words}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Original-Recipient: rfc822; {to}
Final-Recipient: rfc822; {to}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {words}

--b--
""".encode()


def _gone(to: str, return_path: str, spelled: str) -> bytes:
    return _report(to, return_path, "5.1.1", f"{spelled} no such user here")


def _full(to: str, return_path: str, spelled: str) -> bytes:
    return _report(to, return_path, "5.2.2", f"mailbox of {spelled} is full")


def _policy(to: str, return_path: str, spelled: str) -> bytes:
    return _report(
        to, return_path, "5.7.1", f"{spelled} takes no mail from networks listed at rbl.example.com"
    )


def _formless(to: str, return_path: str, spelled: str) -> bytes:
    return _mail(
        "MAILER-DAEMON@mx.example.com",
        return_path,
        "failure notice",
        f"Hi. This is the qmail-send program at mx.example.com.\n\n<{to}>:\n550 5.1.1 {spelled} unknown\n",
    )


def _complaint(to: str, return_path: str, spelled: str) -> bytes:
    return f"""\
From: fbl@example.com
To: {return_path}
Subject: complaint of {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

{spelled} called it spam.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
User-Agent: Example/1
Original-Rcpt-To: <{to}>

--b--
""".encode()


def _holiday(to: str, return_path: str, spelled: str) -> bytes:
    mail = _mail(to, return_path, f"Out of office: {to}", f"{spelled} is away.")
    return b"Auto-Submitted: auto-replied\n" + mail


def _person(to: str, return_path: str, spelled: str) -> bytes:
    return _mail(to, return_path, f"Please unsubscribe me, {to}", f"Please unsubscribe {spelled}.")


def _mail(sender: str, recipient: str, subject: str, text: str) -> bytes:
    head = f"From: <{sender}>\nTo: {recipient}\nSubject: {subject}\nMIME-Version: 1.0\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


_KINDS: tuple[Callable[[str, str, str], bytes], ...] = (
    _gone,
    _full,
    _policy,
    _formless,
    _complaint,
    _holiday,
    _person,
)
