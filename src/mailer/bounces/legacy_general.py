"""Bounces in a form that nobody has seen: an address near words of failure, before the quotation.

Mail systems are written faster than tables. What all their bounces share is a sentence of failure, in some
language, and the recipient on a line of its own, after a colon, in brackets, or in that sentence.
"""

from __future__ import annotations

import re
from functools import cache

from mailer.bounces.legacy_address import addresses_in, is_somebody
from mailer.bounces.legacy_words import speaks_of_failure

# What stands before a recipient, at the end of the words before it.
_LABEL = re.compile(
    r"\b(?:to|recipients?|address(?:es)?|e-?mail|mailbox|user|rcpt|addressee|destination|"
    r"адрас\w*|адрес\w*|атрымальнік\w*|получател\w*|одержувач\w*|кому|empfänger\w*|adresse\w*|an|"
    r"destinataires?|adresat\w*|odbiorc\w+|do|destinatari\w+|para|direcci[óo]n|endereço|indirizzo|"
    r"mottagare|modtager|mottaker|ontvanger|geadresseerde|alıcı|címzett)\W{0,4}$|"
    r"(?:宛先|收件人|收信人|받는 ?사람)\W{0,4}$",
    re.IGNORECASE,
)
# What stands before the address of anybody else.
_NOT_THE_READER = re.compile(
    r"(?:^\W*(?:hello|dear|hi|from|von|от|ад|de|здравствуйте|уважаем\w+|вітаем|hallo|bonjour|hola)|"
    r"\b(?:contact\w*|help|assist\w*|support|questions?|mail from|sent (?:by|from)|message from|written by|"
    r"sender|on behalf|reply|copy to|envelope-from|message-?id|id|(?:see|visit|report)|"
    r"звер\w+|звяр\w+|обра[тщ]\w+|отправител\w*|адпраўнік\w*|відправник\w*|absender|kontakt\w*|expéditeur|"
    r"contacte[rz]?|nadawc\w+|remitente|remetente|mittente)|差出人|发件人|發件人|送信者)\b[^@]{0,40}$",
    re.IGNORECASE,
)
_ENOUGH = 4
_LIKELY = 3
_NEAR = 2
_MAX_ADDRESSES = 100
_MAX_LINE_CHARS = 1000
_MAX_NEAR_CHARS = 400


def failed_addresses(report: str, senders: frozenset[str], likely: frozenset[str]) -> list[tuple[str, int]]:
    """Return the addresses *report* calls failed, each with where it stands first; in order.

    Args:
        report: what the mail server says, without the quotation.
        senders: addresses that are never recipients, in lower case.
        likely: addresses that the message which came back was for, in lower case.
    """
    lines = report.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip(" -_*=#")]
    weights: dict[str, tuple[int, str, int]] = {}
    offsets = _offsets(lines)
    # A line stands near four others.
    speaks = cache(speaks_of_failure)
    for place, number in enumerate(filled):
        if "@" not in lines[number] or len(weights) >= _MAX_ADDRESSES:
            continue
        line = lines[number][:_MAX_LINE_CHARS]
        near = [
            lines[other][:_MAX_NEAR_CHARS]
            for other in filled[max(place - _NEAR, 0) : place + _NEAR + 1]
            if other != number
        ]
        around = 2 * any(speaks(other) for other in near)
        around += bool(near) and near[0].rstrip().endswith(":")
        for address in addresses_in(line):
            if not is_somebody(address) or address.lower() in senders:
                continue
            weight = _weight(line, address, around)
            weight += _LIKELY * (weight > 0 and address.lower() in likely)
            old = weights.get(address.lower())
            if old is None or weight > old[0]:
                at = report.find(address, offsets[number])
                weights[address.lower()] = (weight, address, old[2] if old and old[0] >= _ENOUGH else at)
    return _heaviest(weights, report)


def _heaviest(weights: dict[str, tuple[int, str, int]], report: str) -> list[tuple[str, int]]:
    chosen = [(address, at) for weight, address, at in weights.values() if weight >= _ENOUGH]
    if not chosen and weights and speaks_of_failure(report):
        best = max(weight for weight, _, _ in weights.values())
        chosen = [(address, at) for weight, address, at in weights.values() if weight == best > 0]
    return sorted(chosen, key=lambda found: found[1])


def _weight(line: str, address: str, around: int) -> int:
    """How likely *address* failed, by its own *line* and what the lines *around* it are worth."""
    before, _, after = line.partition(address)
    if _NOT_THE_READER.search(before[-120:]):
        return 0
    begins = not before.strip(" <*•->'\"")
    stands_alone = begins and not after.strip(" >:.;,'\"")
    weight = 2 * stands_alone + begins + around
    # qmail's way, and that of many after it: "<reader@example.org>:" and the reason below.
    weight += 2 * (stands_alone and before.endswith("<") and after.startswith(">:"))
    weight += 3 * speaks_of_failure(line.replace(address, " "))
    return weight + 2 * bool(_LABEL.search(before[-60:].rstrip(" <'\":")))


def _offsets(lines: list[str]) -> list[int]:
    offsets, at = [], 0
    for line in lines:
        offsets.append(at)
        at += len(line) + 1
    return offsets
