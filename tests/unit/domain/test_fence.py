"""The restore fence's decision: every pair of file and database, and the sentence a person reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.fence import Fault, FenceState, Mark, judge, parse_mark, written_mark

_OURS = "9f86d081884c7d65"
_THEIRS = "60303ae22b998861"
_MARKS = st.builds(Mark, st.from_regex(r"[0-9a-f]{16,64}", fullmatch=True), st.integers(0, 10**18 - 1))


@pytest.mark.parametrize(
    ("file", "database", "fault"),
    [
        pytest.param(Mark(_OURS, 7), Mark(_OURS, 7), None, id="in step"),
        pytest.param(Mark(_OURS, 6), Mark(_OURS, 7), None, id="a crash between commit and file"),
        pytest.param(Mark(_OURS, 0), Mark(_OURS, 10**9), None, id="a file left behind for years"),
        pytest.param(Mark(_OURS, 8), Mark(_OURS, 7), Fault.BEHIND, id="a restored database"),
        pytest.param(Mark(_THEIRS, 7), Mark(_OURS, 7), Fault.FOREIGN, id="a database from elsewhere"),
        pytest.param(Mark(_THEIRS, 1), Mark(_OURS, 7), Fault.FOREIGN, id="from elsewhere and further on"),
        pytest.param(Mark(_OURS, 3), None, Fault.BEHIND, id="a backup older than the identity"),
        pytest.param(Fault.MISSING, Mark(_OURS, 7), Fault.MISSING, id="data copied without the file"),
        pytest.param(Fault.DAMAGED, Mark(_OURS, 7), Fault.DAMAGED, id="a damaged file"),
        pytest.param(Fault.MISSING, None, Fault.MISSING, id="neither"),
    ],
)
def test_only_a_file_that_lags_or_agrees_lets_mail_go(
    file: Mark | Fault, database: Mark | None, fault: Fault | None
) -> None:
    """Everything else shuts the fence, each with its own reason."""
    assert judge(file, database) == FenceState(fault)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# a remark only\n", id="remark"),
        pytest.param(_OURS, id="no counter"),
        pytest.param(f"{_OURS} -1", id="negative"),
        pytest.param(f"{_OURS} 1\n{_OURS} 2", id="two marks"),
        pytest.param(f"{_OURS} {'9' * 30}", id="more than a database holds"),
        pytest.param(f"{_OURS.upper()} 1", id="capitals"),
        pytest.param("\0" * 64, id="zeros after a power cut"),
    ],
)
def test_a_file_that_was_not_written_by_us_is_damaged(text: str) -> None:
    """Nothing half-read passes for a mark."""
    assert parse_mark(text) is Fault.DAMAGED


@given(_MARKS)
def test_what_is_written_is_read(mark: Mark) -> None:
    """A mark survives its file, remark and all."""
    assert parse_mark(written_mark(mark)) == mark


@given(st.text())
def test_any_text_is_a_mark_or_damaged(text: str) -> None:
    """No text raises."""
    assert isinstance(parse_mark(text), Mark | Fault)


@pytest.mark.parametrize("fault", Fault)
def test_a_shut_fence_says_what_to_do(fault: Fault) -> None:
    """One sentence: what was found, when the last copy was sent, the next step."""
    state = FenceState(fault, datetime(2026, 11, 23, 8, 12, tzinfo=UTC))

    assert state.sentence.startswith("nothing is sent: data/identity") or fault is Fault.BEHIND
    assert "last copy sent at 2026-11-23 08:12 UTC" in state.sentence
    assert ("mailer sending allow" in state.sentence) == state.needs_permission
    assert not state.is_open


def test_a_database_that_never_sent_says_so() -> None:
    """Where there is no last copy, the sentence names none."""
    assert "no copy sent that it knows of" in FenceState(Fault.FOREIGN).sentence


def test_an_open_fence_says_nothing() -> None:
    """Nobody is told that all is well."""
    assert FenceState().is_open
    assert not FenceState().sentence
    assert not FenceState().needs_permission
