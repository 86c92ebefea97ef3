"""The table of forms: each row reads a sample that no row above it reads."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from mailer.bounces.legacy import find_notices, form_of
from mailer.bounces.legacy_forms import FORMS

SAMPLES = Path(__file__).parents[2] / "samples" / "bounces" / "legacy"
NAMES = [form.name for form in FORMS]


class Expected(NamedTuple):
    """What a sample's first lines say: recipient, code, status, stage, and how its reason begins."""

    recipient: str
    code: str
    status: str
    stage: str
    reason: str


def _sample(name: str) -> tuple[list[Expected], str]:
    head, _, text = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")
    return [Expected(*line.removeprefix("expect: ").split(" | ", 4)) for line in head.split("\n")], text


def test_every_form_has_one_sample_and_no_sample_is_left_over() -> None:
    """A row without a sample can't be added, nor a sample without a row."""
    assert sorted(NAMES) == sorted(path.stem for path in SAMPLES.glob("*.txt"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_by_its_own_row(name: str) -> None:
    """No row higher in the table takes the sample away."""
    assert form_of(_sample(name)[1]) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_names_whom_and_why(name: str) -> None:
    """Recipients, codes, stage and the far server's words come out as the sample says."""
    expected, text = _sample(name)

    notices = find_notices(text, "MAILER-DAEMON@example.net", "Undelivered mail")

    found = [
        Expected(
            str(notice.recipient),
            str(notice.reply_code or "-"),
            notice.status or "-",
            str(notice.stage or "-"),
            notice.text[: len(wanted.reason)],
        )
        for notice, wanted in zip(notices, expected, strict=True)
    ]
    assert expected == found
