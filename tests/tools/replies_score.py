"""How well replies are judged, measured on labelled ones: the second table of ``make bounces-score``.

The file is ``replies.jsonl`` in the folder of samples; ``group`` is the class that others read in a reply.
Those of group ``unknown`` were said by filters in the very words of "no such mailbox", and only the stage
told them apart; a line alone does not, so precision is given with them and without them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.domain.classifier import classify, parse_reply
from mailer.domain.reply_class import Hardness, Meaning, ReplyClass


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply, what others say it means, and what we say."""

    reply: str
    source: str
    expected: ReplyClass
    found: Meaning

    @property
    def is_right(self) -> bool:
        """Whether we agree."""
        return self.expected is self.found.reply_class


def judged_replies(folder: Path) -> list[Judged]:
    """Return every labelled reply of *folder*, judged without a stage; none where the file is missing."""
    file = folder / "replies.jsonl"
    if not file.is_file():
        return []
    labelled = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    return [
        Judged(
            one["reply"],
            one["source"],
            ReplyClass(one["group"]),
            classify(parse_reply(one["reply"]), None),
        )
        for one in labelled
    ]


def recall(judged: Sequence[Judged], group: ReplyClass) -> float:
    """Return how many of *group* are found, 1.0 where there are none."""
    of_group = [each for each in judged if each.expected is group]
    return sum(each.is_right for each in of_group) / len(of_group) if of_group else 1.0


def precision(judged: Sequence[Judged], group: ReplyClass) -> float:
    """Return how many of those found to be of *group* are, 1.0 where there are none."""
    found = [each for each in judged if each.found.reply_class is group]
    return sum(each.is_right for each in found) / len(found) if found else 1.0


def told_by_words(judged: Sequence[Judged]) -> list[Judged]:
    """Return those whose words can tell the class."""
    return [each for each in judged if each.expected is not ReplyClass.UNKNOWN]


def hard_by_mistake(judged: Sequence[Judged], *groups: ReplyClass) -> list[str]:
    """Return the replies of *groups* that would condemn a reader."""
    return [each.reply for each in judged if each.expected in groups and each.found.verdict is Hardness.HARD]


def replies_table(folder: Path) -> str:
    """Return the figures as a table, a line for each class; one sentence where there is nothing to judge."""
    judged = judged_replies(folder)
    if not judged:
        return f"Skipped: no {folder / 'replies.jsonl'}."
    return "\n".join(_lines(judged))


def _lines(judged: Sequence[Judged]) -> Iterator[str]:
    heads = ("replies", "recall", "precision", "by words", "hard")
    yield f"{'':<12}" + "".join(f"{head:>12}" for head in heads)
    for group in ReplyClass:
        of_group = [each for each in judged if each.expected is group]
        hard = sum(each.found.verdict is Hardness.HARD for each in of_group)
        shares = (
            recall(judged, group),
            precision(judged, group),
            precision(told_by_words(judged), group),
        )
        figures = "".join(f"{share:>12.3f}" for share in shares)
        yield f"{group:<12}{len(of_group):>12}{figures}{hard:>12}"
