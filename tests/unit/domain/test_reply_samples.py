"""The judgement of replies, held against labelled replies from the field.

The samples belong to other projects and lie beside the repository, never in it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailer.domain.reply_class import ReplyClass
from tests.tools.replies_score import (
    Judged,
    hard_by_mistake,
    judged_replies,
    precision,
    recall,
    told_by_words,
)

_FOLDER = Path(__file__).resolve().parents[4] / "shared" / "bounces"
INVALID, MAILBOX, TRANSIENT, POLICY, MESSAGE, _ = ReplyClass


@pytest.fixture(scope="module")
def replies() -> list[Judged]:
    judged = judged_replies(Path(os.environ.get("MAILER_SAMPLES") or _FOLDER))
    if not judged:
        pytest.skip("the labelled replies are not here: name their folder in MAILER_SAMPLES")
    return judged


def test_nothing_of_ours_condemns_a_reader(replies: list[Judged]) -> None:
    """No reply about us, the message or the moment is read as "no such mailbox" for good."""
    assert hard_by_mistake(replies, POLICY, TRANSIENT, MESSAGE) == []


def test_no_such_mailbox_is_seldom_said_wrongly(replies: list[Judged]) -> None:
    """Where words can tell; filters that call themselves an unknown user are no fault of the words."""
    assert precision(told_by_words(replies), INVALID) >= 0.97


@pytest.mark.parametrize(
    ("group", "least_recall", "least_precision"),
    [
        (INVALID, 0.95, 0.97),
        (MAILBOX, 0.90, 0.95),
        (TRANSIENT, 0.90, 0.90),
        (POLICY, 0.95, 0.95),
        (MESSAGE, 0.90, 0.90),
    ],
)
def test_each_group_is_found(
    replies: list[Judged], group: ReplyClass, least_recall: float, least_precision: float
) -> None:
    """How many of a group are found, and how many found belong to it."""
    assert recall(replies, group) >= least_recall
    assert precision(told_by_words(replies), group) >= least_precision
