"""Contents and finished mails as JSON, for the pipe between us and the process that renders.

JSON and not pickle: what comes back has been near templates, and reading JSON runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import (
    Block,
    EditionContent,
    Imprint,
    LetterContent,
    LetterKind,
    Proof,
    RenderedMail,
)
from mailer.domain.language import Language
from mailer.domain.period import Period
from mailer.domain.theme import Theme, TrendColours
from mailer.domain.trend import Trend
from mailer.errors import Problem


class Task(StrEnum):
    """What the contents are for."""

    RENDER = "render"
    """Their mails are wanted."""
    CHECK = "check"
    """They try the templates out; what is wrong with those is wanted."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the rendering process is asked to do.

    Attributes:
        contents: answered in the same order.
        theme: the newsletter's own templates, which go before ours; None takes ours alone.
        task: what to do with them.
        cpu_s: seconds of processor time it may use.
        memory_bytes: address space it may use.
    """

    contents: tuple[EditionContent | LetterContent, ...]
    theme: Path | None
    task: Task
    cpu_s: int
    memory_bytes: int


def write_job(job: Job) -> bytes:
    """Return *job* as JSON."""
    return orjson.dumps(
        {
            "contents": job.contents,
            "theme": None if job.theme is None else str(job.theme),
            "task": job.task,
            "cpu_s": job.cpu_s,
            "memory_bytes": job.memory_bytes,
        }
    )


def read_job(data: bytes) -> Job:
    """Read what ``write_job`` wrote."""
    value = orjson.loads(data)
    return Job(
        contents=tuple(_letter(item) if "kind" in item else _edition(item) for item in value["contents"]),
        theme=None if value["theme"] is None else Path(value["theme"]),
        task=Task(value["task"]),
        cpu_s=value["cpu_s"],
        memory_bytes=value["memory_bytes"],
    )


def write_mails(mails: Sequence[RenderedMail]) -> bytes:
    """Return finished mails as JSON."""
    return orjson.dumps({"mails": mails})


def write_problems(problems: Sequence[Problem]) -> bytes:
    """Return what is wrong with a theme as JSON."""
    return orjson.dumps({"problems": problems})


def write_refusal(sentence: str) -> bytes:
    """Return the reason why there are no mails as JSON."""
    return orjson.dumps({"error": sentence})


def read_answer(data: bytes) -> list[RenderedMail] | list[Problem] | str:
    """Read the mails or problems, or the sentence that says why there are none.

    Raises:
        ValueError: it is neither; the process died before it had written all.
    """
    value = orjson.loads(data)
    if "error" in value:
        return str(value["error"])
    if "problems" in value:
        return [Problem(**problem) for problem in value["problems"]]
    return [
        RenderedMail(Language(mail["language"]), mail["subject"], mail["html"], mail["text"])
        for mail in value["mails"]
    ]


def _edition(value: Mapping[str, Any]) -> EditionContent:
    fields = dict(value)
    fields["language"] = Language(value["language"])
    fields["period"] = Period(**{name: date.fromisoformat(day) for name, day in value["period"].items()})
    fields["blocks"] = tuple(_block(block) for block in value["blocks"])
    fields["imprint"] = _imprint(value["imprint"])
    fields["proof"] = None if value["proof"] is None else Proof(tuple(value["proof"]["findings"]))
    return EditionContent(**fields)


def _block(value: Mapping[str, Any]) -> Block:
    text = value["text"]
    return Block(
        topic=value["topic"],
        topic_title=value["topic_title"],
        trend=None if value["trend"] is None else Trend(value["trend"]),
        text=Text(**{**text, "language": Language(text["language"]), "state": TextState(text["state"])}),
    )


def _letter(value: Mapping[str, Any]) -> LetterContent:
    fields = dict(value)
    fields["kind"] = LetterKind(value["kind"])
    fields["language"] = Language(value["language"])
    fields["imprint"] = _imprint(value["imprint"])
    fields["titles"] = tuple(value["titles"])
    return LetterContent(**fields)


def _imprint(value: Mapping[str, Any]) -> Imprint:
    theme = value["theme"]
    colours = TrendColours(theme["trend_colours"])
    return Imprint(**{**value, "theme": Theme(**{**theme, "trend_colours": colours})})
