"""What ``mailer bounces classify`` makes of messages in files: read and judged as the service does it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mailer.bounces.message import MAX_BYTES
from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply import mask
from mailer.domain.returned_mail import MailKind, Notice
from mailer.errors import InputError, UsageError

_NONE = "-"


def messages_at(paths: Sequence[Path]) -> Iterator[Path]:
    """Return the files that *paths* name, in order; those of a folder and below by name, hidden ones not.

    Raises:
        UsageError: a path is not there; nothing has been read by then.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} is not there; name a file that holds one message, or a folder of them")
    return (file for path in paths for file in ([path] if not path.is_dir() else _files_in(path)))


def judged_mail(path: Path) -> dict[str, Any]:
    """Return what ``bounces classify --json`` prints of the message in *path*.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        mail = read_report(file.read(MAX_BYTES))
    named = [notice for notice in mail.notices if notice.recipient]
    return {
        "file": os.fsencode(path).decode("utf-8", "replace"),
        "kind": mail.kind.shown,
        "recipients": [_judged_notice(notice, mail.kind) for notice in named],
    }


def rows(judged: dict[str, Any]) -> str:
    """Return a line for the message, and one below it for each recipient."""
    lines = [f"{judged['kind']:<12}{mask(judged['file'], '')}"]
    lines += [
        f"  {each['class']:<10}{each['verdict']:<6}{each['reply_code'] or _NONE!s:<5}"
        f"{each['status'] or _NONE:<9}{each['recipient']}  ← {each['evidence'] or _NONE}"
        for each in judged["recipients"]
    ]
    return "\n".join(lines)


def _files_in(folder: Path) -> Iterator[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder))
    if not files:
        raise InputError.at(
            str(folder), None, "no file is in it; name a folder of messages, one in each file"
        )
    yield from files


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(name.startswith(".") for name in path.relative_to(folder).parts)


def _judged_notice(notice: Notice, kind: MailKind) -> dict[str, Any]:
    meaning = judge_notice(notice, kind)
    return {
        "recipient": notice.recipient,
        "status": notice.status,
        "reply_code": notice.reply_code,
        "class": str(meaning.reply_class),
        "verdict": str(meaning.verdict),
        "evidence": meaning.shown_evidence if notice.text or notice.status else None,
    }
