"""Delivery status notifications (RFC 3464, RFC 6533), also those that break their own standard.

Servers leave out the blank line between a message's and a recipient's fields, or put one too many; fold
without indenting; call the part text/plain; write no Action, or an address into no field but
X-Actual-Recipient. So fields are read one after the other, and a recipient begins where one is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from mailer.bounces.addresses import address_in, from_xtext, same_address
from mailer.bounces.message import Opened
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Hardness
from mailer.domain.returned_mail import MailKind, Notice

_TYPES = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/delivery-report",
        "text/delivery-status",
    }
)
# A part called something else that begins a line with one of these is one, if people don't quote it.
_UNTYPED = re.compile(
    r"^(?:Final-Recipient|Original-Recipient|X-Actual-Recipient)[ \t]*:[^\n]*@", re.IGNORECASE | re.MULTILINE
)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,50})[ \t]*:[ \t]*(.*)")
_RECIPIENT_FIELDS = ("final-recipient", "original-recipient", "x-actual-recipient")
_OF_RECIPIENT = frozenset({*_RECIPIENT_FIELDS, "action", "status", "diagnostic-code", "remote-mta"})
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"(?:^|\bsaid:\s*|\bsmtp;\s*|#)\W{0,5}([245]\d\d)(?=[\s\-#:]|$)", re.IGNORECASE)
_DIAGNOSTIC_TYPE = re.compile(r"^[A-Za-z][A-Za-z0-9-]{0,30}\s*;\s*")
_MAX_RECIPIENTS = 100
_MAX_TEXT_CHARS = 2_000
_MAX_LINES = 4_000

_KINDS = {
    "failed": MailKind.BOUNCE,
    "failure": MailKind.BOUNCE,
    "delayed": MailKind.DELAY,
    "delay": MailKind.DELAY,
    "delivered": MailKind.SUCCESS,
    # RFC 3464 §2.3.3: handed to a system that makes no reports, or to a list.
    "relayed": MailKind.SUCCESS,
    "expanded": MailKind.SUCCESS,
    # Postfix and Sendmail, asked only whether they could deliver.
    "deliverable": MailKind.SUCCESS,
    "undeliverable": MailKind.BOUNCE,
}
_KINDS_OF_STATUS = {"2": MailKind.SUCCESS, "4": MailKind.BOUNCE, "5": MailKind.BOUNCE}


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the machine-readable part of a report says.

    Attributes:
        kind: bounce if anybody's copy failed, else delay, else success.
        notices: the recipients of that kind, in order; in a bounce also those who still wait.
        envelope_id: Original-Envelope-Id as it travelled, xtext undone; None without.
        is_stated: an Action says the kind; else it follows from status codes.
        is_typed: the part has the standard's type; else a text looked like one.
    """

    kind: MailKind
    notices: tuple[Notice, ...]
    envelope_id: str | None = None
    is_stated: bool = True
    is_typed: bool = True


@dataclass(slots=True)
class _Group:
    """The fields about one recipient, while they are gathered."""

    values: dict[str, str] = field(default_factory=dict)

    @property
    def has_recipient(self) -> bool:
        return any(name in self.values for name in _RECIPIENT_FIELDS)

    @property
    def has_verdict(self) -> bool:
        return "action" in self.values or "status" in self.values or "diagnostic-code" in self.values


def find_status_report(mail: Opened) -> StatusReport | None:
    """Return what the first part with delivery status says, or None where no part has any.

    A report about several recipients may come in several parts; all are read.
    """
    texts = [part.text for part in mail.parts if part.content_type in _TYPES]
    report = read_status("\n\n".join(texts)) if texts else None
    if report is not None and report.notices:
        return report
    untyped = [
        part.text
        for part in mail.parts
        if not part.content_type.startswith(("message/", "text/rfc822")) and _UNTYPED.search(part.text)
    ]
    found = read_status("\n\n".join(untyped)) if untyped else None
    return replace(found, is_typed=False) if found is not None and found.notices else report


def read_status(text: str) -> StatusReport | None:
    """
    Read the fields of a delivery status; None where there is none about a recipient or a message.

    ::

        Reporting-MTA: dns; mx.example.org

        Final-Recipient: rfc822; jan@example.net
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 No such user
    """
    whole, groups = _gather(text)
    envelope_id = from_xtext(whole["original-envelope-id"]) if whole.get("original-envelope-id") else None
    told = [(_kind_of(group.values), notice) for group in groups if (notice := _notice_of(group.values))]
    if not told:
        return StatusReport(MailKind.BOUNCE, (), envelope_id) if "reporting-mta" in whole else None
    kinds = {kind for kind, _ in told}
    kind = next(each for each in (MailKind.BOUNCE, MailKind.DELAY, MailKind.SUCCESS) if each in kinds)
    notices = _once(tuple(notice for each, notice in told if each is kind or _may_join(each, notice, kind)))
    return StatusReport(
        kind, notices, envelope_id, is_stated=any("action" in group.values for group in groups)
    )


def status_in(text: str) -> str | None:
    """Return the first enhanced status code in *text* (RFC 3463), or None."""
    match = _STATUS.search(text[:_MAX_TEXT_CHARS])
    return match[1] if match else None


def reply_code_in(text: str) -> int | None:
    """Return the SMTP reply code that *text* begins with or quotes, or None."""
    match = _CODE.search(text[:_MAX_TEXT_CHARS])
    return int(match[1]) if match else None


def _gather(text: str) -> tuple[dict[str, str], list[_Group]]:
    """Return the fields about the message, and those about each recipient."""
    whole: dict[str, str] = {}
    groups: list[_Group] = []
    current: _Group | None = None
    last: tuple[dict[str, str], str] | None = None
    for line in text.split("\n")[:_MAX_LINES]:
        if not line.strip():
            current, last = None, None
            continue
        match = _FIELD.match(line) if line[0] not in " \t" else None
        if match is None:
            _continue(last, line)
            continue
        name, value = match[1].lower(), match[2].strip()
        if name in _OF_RECIPIENT:
            current = _group_for(name, current, groups)
            if current is None:
                last = None
                continue
        target = current.values if current is not None else whole
        last = (target, name) if name not in target else None
        target.setdefault(name, value)
    return whole, groups


def _group_for(name: str, current: _Group | None, groups: list[_Group]) -> _Group | None:
    """Say which recipient a field belongs to; a new one where it names one more."""
    names_recipient = name in _RECIPIENT_FIELDS
    if current is not None and not (names_recipient and name in current.values):
        return current
    if current is None and groups:
        previous = groups[-1]
        # A blank line too many, between a recipient and what happened to it, or the other way round.
        if not names_recipient and previous.has_recipient and not previous.has_verdict:
            return previous
        if names_recipient and not previous.has_recipient:
            return previous
    if len(groups) >= _MAX_RECIPIENTS:
        return None
    groups.append(_Group())
    return groups[-1]


def _continue(last: tuple[dict[str, str], str] | None, line: str) -> None:
    """Take *line* as more of the last field, indented as RFC 3464 §2.1 asks or not."""
    if last is not None:
        values, name = last
        if len(values[name]) < _MAX_TEXT_CHARS:
            values[name] += " " + line.strip()


def _kind_of(values: dict[str, str]) -> MailKind:
    action = values.get("action", "").strip().lower()
    word = re.match(r"[a-z]*", action)
    kind = _KINDS.get(word[0]) if word else None
    if kind is not None:
        return kind
    status = status_in(values.get("status", ""))
    return _KINDS_OF_STATUS[status[0]] if status else MailKind.BOUNCE


def _notice_of(values: dict[str, str]) -> Notice | None:
    named = [
        address_in(values[name])
        for name in ("original-recipient", "final-recipient", "x-actual-recipient")
        if name in values
    ]
    if "original-recipient" in values:
        named.insert(0, address_in(from_xtext(values["original-recipient"])))
    addresses = [address for address in named if address]
    text = " ".join(_DIAGNOSTIC_TYPE.sub("", values.get("diagnostic-code", ""), count=1).split())
    text = text[:_MAX_TEXT_CHARS]
    status = status_in(values.get("status", "")) or status_in(text)
    if not addresses and not text and not status:
        return None
    recipient = addresses[0] if addresses else None
    others = tuple(dict.fromkeys(each for each in addresses[1:] if not same_address(each, addresses[0])))
    return Notice(recipient, status, reply_code_in(text), text, also=others)


def _may_join(kind: MailKind, notice: Notice, of_all: MailKind) -> bool:
    """Whether a recipient who still waits is named beside those who failed; only as one who may be good."""
    if (kind, of_all) != (MailKind.DELAY, MailKind.BOUNCE):
        return False
    return judge_notice(notice, MailKind.BOUNCE).verdict is not Hardness.HARD


def _once(notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Keep one notice per recipient, the first; servers repeat themselves."""
    kept: dict[str, Notice] = {}
    for number, notice in enumerate(notices):
        kept.setdefault(notice.recipient.casefold() if notice.recipient else f"#{number}", notice)
    return tuple(kept.values())
