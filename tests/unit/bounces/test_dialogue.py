"""Which command was refused is read from the text of a report."""

from __future__ import annotations

import pytest

from mailer.bounces.dialogue import stage_told
from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.outcome import Stage
from mailer.domain.reply_class import Hardness

_SAID = "550 Unknown user reader@example.net"


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        (f"{_SAID} (in reply to end of DATA\n    command)", Stage.DOT),
        (f"{_SAID} (in reply to RCPT TO command)", Stage.RCPT),
        (f"{_SAID} (in reply to MAIL FROM command)", Stage.MAIL),
        (f">>> DATA\n<<< {_SAID}\n554 5.0.0 Service unavailable", Stage.DOT),
        (f">>> DATA\n<<< {_SAID}\n<<< 503 5.0.0 Need RCPT (recipient)", None),
        (f">>> RCPT To:<reader@example.net>\n<<< {_SAID}", None),
        ("another text", None),
    ],
)
def test_the_refused_command_is_read(text: str, stage: Stage | None) -> None:
    """Postfix says it in brackets; Sendmail's dialogue shows it, unless commands travelled together."""
    assert stage == stage_told(text, _SAID)


def test_a_filter_after_the_message_condemns_nobody() -> None:
    """“Unknown user” in answer to the message itself is not hard."""
    report = (
        "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; boundary=b\n\n"
        "--b\n\n<reader@example.net>: host mx.example.com said: 550 Unknown user\n"
        "    reader@example.net (in reply to end of DATA command)\n"
        "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; reader@example.net\n"
        "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 Unknown user reader@example.net\n\n--b--\n"
    )

    mail = read_report(report.encode())

    assert [judge_notice(notice, mail.kind).verdict for notice in mail.notices] == [Hardness.SOFT]
