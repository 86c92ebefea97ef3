"""The judgement of replies, held against labelled replies from the field.

The samples belong to other projects and lie beside the repository, never in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailer.domain.classifier import classify, parse_reply
from mailer.domain.reply_class import ReplyClass

_SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "bounces" / "replies.jsonl"


@dataclass(frozen=True)
class Sample:
    """A reply, what others say it means, and what we say."""

    reply: str
    reason: str
    expected: ReplyClass
    found: ReplyClass

    @property
    def is_right(self) -> bool:
        """Whether we agree."""
        return self.expected is self.found


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    if not _SAMPLES.exists():
        pytest.skip("the labelled replies are not here: put them into ../shared/bounces/replies.jsonl")
    labelled = [json.loads(line) for line in _SAMPLES.read_text("utf-8").splitlines()]
    return [
        Sample(
            one["reply"],
            one["reason"],
            ReplyClass(one["group"]),
            classify(parse_reply(one["reply"]), None).reply_class,
        )
        for one in labelled
    ]


def share_right(samples: Sequence[Sample]) -> float:
    return sum(sample.is_right for sample in samples) / len(samples)


def test_nothing_of_ours_condemns_a_reader(samples: list[Sample]) -> None:
    """No reply about us, the message or the moment is read as "no such mailbox"."""
    ours = {ReplyClass.POLICY, ReplyClass.TRANSIENT, ReplyClass.MESSAGE}

    assert [s.reply for s in samples if s.expected in ours and s.found is ReplyClass.INVALID] == []


def test_most_replies_are_read_right(samples: list[Sample]) -> None:
    """Nineteen in twenty, but for replies called "filtered".

    Those say "user unknown" in the very words of the others; that they came after DATA, which is what
    makes them a filter's, only the stage tells, and these lines do not.
    """
    told_by_words = [sample for sample in samples if sample.reason != "filtered"]

    assert share_right(told_by_words) >= 0.95
    assert share_right(samples) >= 0.90


@pytest.mark.parametrize(
    ("group", "recall", "precision"),
    [
        # Precision: the "filtered" again, who call themselves unknown users.
        (ReplyClass.INVALID, 0.95, 0.75),
        (ReplyClass.MAILBOX, 0.90, 0.95),
        (ReplyClass.TRANSIENT, 0.90, 0.90),
        (ReplyClass.POLICY, 0.95, 0.95),
        (ReplyClass.MESSAGE, 0.90, 0.90),
    ],
)
def test_each_group_is_found(
    samples: list[Sample], group: ReplyClass, recall: float, precision: float
) -> None:
    """How many of a group are found, and how many found belong to it; shown by pytest -rP."""
    right = len([sample for sample in samples if sample.is_right and sample.expected is group])
    of_group = len([sample for sample in samples if sample.expected is group])
    found = len([sample for sample in samples if sample.found is group])
    print(f"{group}: recall {right}/{of_group}, precision {right}/{found}")  # noqa: T201 - the figures

    assert right / of_group >= recall
    assert right / found >= precision
