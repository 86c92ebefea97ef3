"""The figures that reading other projects' returned mail must reach."""

from __future__ import annotations

import pytest

from tests.tools.bounces_score import Score, samples_folder, score_samples


@pytest.fixture(scope="module")
def score() -> Score:
    folder = samples_folder()
    if folder is None:
        pytest.skip("MAILER_SAMPLES names no folder of samples")
    return score_samples(folder)["all"]


def test_recipients_are_found(score: Score) -> None:
    """Of at least 97 in 100 messages exactly the recipients meant are found."""
    assert score.exact_recipients >= 0.97
    assert score.crashes == 0


def test_dead_mailboxes_are_told_from_others(score: Score) -> None:
    """A hard verdict is right in 97 of 100 cases, and nearly every dead mailbox gets one."""
    assert score.hard_precision >= 0.97
    assert score.hard_recall >= 0.9


def test_nobody_pays_for_what_is_said_of_us(score: Score) -> None:
    """Refusals for policy are known as such, and nothing but a bounce is ever hard."""
    assert score.class_recall("policy") >= 0.9
    assert score.policy_hard == 0
    assert score.hard_elsewhere == 0
