"""The phrases by which replies are judged: each finds something, and each is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.domain.classifier import classify, parse_reply
from mailer.domain.reply_class import Cause, Hardness, ReplyClass
from mailer.domain.reply_signs import HINTING
from mailer.domain.reply_words import TABLES, hint_in, legible, pattern_of, sign_in

_FILE = Path(__file__).resolve().parents[2] / "samples" / "replies.txt"


def _samples() -> list[tuple[Cause, str]]:
    """Return the replies of the file with the cause they stand under."""
    found, cause = [], Cause.UNREADABLE
    for line in _FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            cause = Cause(line.strip("[]"))
        elif line and not line.startswith("#"):
            found.append((cause, line))
    return found


SAMPLES = _samples()
ENTRIES = [(table is HINTING, cause, phrases) for table in (*TABLES, HINTING) for cause, phrases in table]


@pytest.mark.parametrize(("cause", "said"), SAMPLES, ids=[said for _, said in SAMPLES])
def test_a_reply_is_judged_by_its_words(cause: Cause, said: str) -> None:
    """In Belarusian, Russian, English and the other languages that mail servers speak."""
    assert classify(parse_reply(said), None).cause is cause


@pytest.mark.parametrize(("is_hint", "cause", "phrases"), ENTRIES)
def test_every_phrase_is_needed(is_hint: bool, cause: Cause, phrases: str) -> None:  # noqa: FBT001 - of the table
    """For each line of a table there is a reply that no other line of its entry finds."""
    lines = [line.strip() for line in phrases.strip().splitlines()]
    read = hint_in if is_hint else sign_in
    texts = [parse_reply(said).text for of_cause, said in SAMPLES if of_cause is cause]
    found_by = [
        {line for line in lines if pattern_of(line).search(legible(text))}
        for text in texts
        if (sign := read(text)) is not None and sign.cause is cause
    ]

    assert [line for line in lines if {line} not in found_by] == []


def test_no_reply_about_us_condemns_a_reader() -> None:
    """Whatever language it is in."""
    condemned = [
        said
        for cause, said in SAMPLES
        if cause.reply_class is not ReplyClass.INVALID
        and classify(parse_reply(said), None).verdict is Hardness.HARD
    ]

    assert condemned == []
