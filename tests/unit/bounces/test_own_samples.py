"""Our own samples of returned mail, one for each form, are read as their answers say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.returned_mail import MailKind

_FOLDER = Path(__file__).parents[2] / "samples" / "bounces"
_ANSWERS = [json.loads(line) for line in (_FOLDER / "expected.jsonl").read_text("utf-8").splitlines()]
_NAMES = {MailKind.HUMAN: "normal"}
_DETAILS = ("envelope_id", "message_id", "return_path", "feedback_type", "unsubscribe")


@pytest.mark.parametrize("answer", _ANSWERS, ids=lambda answer: answer["file"].removesuffix(".eml"))
def test_a_sample_is_read_as_its_answer_says(answer: dict[str, Any]) -> None:
    """Kind, recipients, their class and verdict, and what ties the message to a copy of ours."""
    mail = read_report((_FOLDER / answer["file"]).read_bytes())

    assert answer["kind"] == _NAMES.get(mail.kind, mail.kind.value)
    found = [(notice, judge_notice(notice, mail.kind)) for notice in mail.notices if notice.recipient]
    assert [each["recipient"] for each in answer["recipients"]] == [notice.recipient for notice, _ in found]
    for each, (_, meaning) in zip(answer["recipients"], found, strict=True):
        assert each["bounce"] == meaning.verdict
        assert each["group"] in (None, meaning.reply_class)
    assert {name: answer[name] for name in _DETAILS if name in answer} == {
        name: getattr(mail, name) for name in _DETAILS if name in answer
    }


def test_every_sample_has_its_answer() -> None:
    """No sample lies here unread."""
    assert {answer["file"] for answer in _ANSWERS} == {path.name for path in _FOLDER.glob("*.eml")}
