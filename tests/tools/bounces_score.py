"""How well returned mail is read and judged, measured on samples with answers: ``make bounces-score``.

The samples of other projects stay outside the tree: the environment variable MAILER_SAMPLES names their
folder, by default ``../shared/bounces``; its README says what their answers mean.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Hardness, ReplyClass
from mailer.domain.returned_mail import ReturnedMail
from tests.tools.replies_score import replies_table

DEFAULT_FOLDER = "../shared/bounces"
_OTHER = frozenset({"challenge", "mdn", "report", "unsubscribe", "spam", "normal"})
_HELD_OUT_ONE_IN = 3


@dataclass(slots=True)
class Score:
    """What was counted; every figure of the table follows from it.

    Attributes:
        pairs: (expected class, found class) of each recipient found, ambiguous ones left out.
        kinds: (expected kind, found kind) of each message.
        missed: lines for people, one per message that was read wrongly.
    """

    messages: int = 0
    exact: int = 0
    crashes: int = 0
    hard_right: int = 0
    hard_found: int = 0
    hard_expected: int = 0
    hard_elsewhere: int = 0
    policy_hard: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    @property
    def exact_recipients(self) -> float:
        """Share of messages whose recipients are exactly those expected."""
        return self.exact / self.messages if self.messages else 1.0

    @property
    def hard_precision(self) -> float:
        """Share of hard verdicts that are right."""
        return self.hard_right / self.hard_found if self.hard_found else 1.0

    @property
    def hard_recall(self) -> float:
        """Share of dead mailboxes that are called so."""
        return self.hard_right / self.hard_expected if self.hard_expected else 1.0

    def class_recall(self, name: str) -> float:
        """Share of the recipients of class *name* that are judged so."""
        all_of = sum(count for (expected, _), count in self.pairs.items() if expected == name)
        return self.pairs[name, name] / all_of if all_of else 1.0


def samples_folder() -> Path | None:
    """Return the folder of samples, or None where there is none."""
    folder = Path(os.environ.get("MAILER_SAMPLES") or DEFAULT_FOLDER)
    return folder if (folder / "expected.jsonl").is_file() else None


def expected_answers(folder: Path) -> list[dict[str, Any]]:
    """Return the answers, one per message, as the file has them."""
    lines = (folder / "expected.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def is_held_out(name: str) -> bool:
    """Whether message *name* is of the third that nobody looks at while writing rules."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % _HELD_OUT_ONE_IN == 0


def score_message(score: Score, answer: dict[str, Any], raw: bytes) -> None:
    """Read *raw* and count how it compares with *answer*."""
    score.messages += 1
    try:
        mail = read_report(raw)
    except Exception as error:  # noqa: BLE001 - a crash is what this counts
        score.crashes += 1
        score.missed.append(f"{answer['file']}: raised {error!r}")
        return
    score.kinds[_shown(answer["kind"]), mail.kind.shown] += 1
    if _shown(answer["kind"]) != mail.kind.shown:
        score.missed.append(f"{answer['file']}: kind {answer['kind']}, read as {mail.kind}")
    expected = answer["recipients"]
    if _is_exact(expected, mail):
        score.exact += 1
    else:
        wanted = [each["recipient"] for each in expected]
        found = [notice.recipient for notice in mail.notices]
        score.missed.append(f"{answer['file']}: recipients {wanted}, read as {found}")
    _score_judgements(score, answer, mail)


def _score_judgements(score: Score, answer: dict[str, Any], mail: ReturnedMail) -> None:
    for each in answer["recipients"]:
        is_hard = each["bounce"] == "hard" and answer["kind"] == "bounce" and not each.get("ambiguous")
        score.hard_expected += is_hard
    for notice in mail.notices:
        meaning = judge_notice(notice, mail.kind)
        about = next(
            (each for each in answer["recipients"] if _names(notice.recipient or "") & _accepted(each)), None
        )
        if about is not None and about.get("ambiguous"):
            continue
        found_hard = meaning.verdict is Hardness.HARD
        if answer["kind"] != "bounce":
            score.hard_elsewhere += found_hard
            continue
        score.hard_found += found_hard
        if about is None:
            continue
        score.hard_right += found_hard and about["bounce"] == "hard"
        score.policy_hard += found_hard and about["group"] == ReplyClass.POLICY
        score.pairs[about["group"], str(meaning.reply_class)] += 1
        if about["group"] != meaning.reply_class or found_hard != (about["bounce"] == "hard"):
            score.missed.append(
                f"{answer['file']}: {about['group']}/{about['bounce']}, "
                f"judged {meaning.reply_class}/{meaning.verdict} by {meaning.evidence}: "
                f"{notice.status} {notice.reply_code} {notice.text[:300]}"
            )


def _shown(kind: str) -> str:
    return "other" if kind in _OTHER else kind


def _names(address: str) -> set[str]:
    return {address.strip("<>").casefold()}


def _accepted(each: dict[str, Any]) -> set[str]:
    return set().union(*(_names(name) for name in (each["recipient"], *each["alt"])))


def _is_exact(expected: list[dict[str, Any]], mail: ReturnedMail) -> bool:
    """Whether each expected recipient is found once, by any of its names, and nobody else."""
    found = [notice.recipient for notice in mail.notices if notice.recipient]
    left = [_accepted(each) for each in expected]
    for name in found:
        match = next((names for names in left if _names(name) & names), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def table(scores: dict[str, Score]) -> str:
    """Return the figures, a line for each source and one for all."""
    heads = (
        "messages",
        "exact",
        "hard prec.",
        "hard rec.",
        "policy rec.",
        "policy hard",
        "hard else",
        "crashes",
    )
    lines = [f"{'':<24}" + "".join(f"{head:>12}" for head in heads)]
    for name, score in scores.items():
        shares = (
            score.exact_recipients,
            score.hard_precision,
            score.hard_recall,
            score.class_recall("policy"),
        )
        counts = (score.policy_hard, score.hard_elsewhere, score.crashes)
        figures = "".join(f"{share:>12.3f}" for share in shares) + "".join(f"{count:>12}" for count in counts)
        lines.append(f"{name[:23]:<24}{score.messages:>12}{figures}")
    return "\n".join(lines)


def confusion(pairs: Counter[tuple[str, str]]) -> str:
    """Return a square of what was expected (down) and found (across)."""
    names = sorted({name for pair in pairs for name in pair})
    lines = [f"{'':<12}" + "".join(f"{name:>12}" for name in names)]
    rows = (
        f"{expected:<12}" + "".join(f"{pairs[expected, found] or '.':>12}" for found in names)
        for expected in names
    )
    return "\n".join([*lines, *rows])


def score_samples(folder: Path, *, part: str = "all") -> dict[str, Score]:
    """Score the messages of *folder* per source, ``all`` last; *part* is all, held or open."""
    scores: dict[str, Score] = {}
    total = Score()
    for answer in expected_answers(folder):
        if part != "all" and is_held_out(answer["file"]) is not (part == "held"):
            continue
        raw = (folder / "messages" / answer["file"]).read_bytes()
        source = answer["source"].split("@")[0].split(",")[0]
        score_message(scores.setdefault(source, Score()), answer, raw)
        score_message(total, answer, raw)
    return {**scores, "all": total}


def main() -> int:
    """Print the tables; 1 where a message made the reader raise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("all", "held", "open"), default="all")
    parser.add_argument("--missed", action="store_true", help="name what was read wrongly")
    options = parser.parse_args()
    folder = samples_folder()
    if folder is None:
        print("Skipped: no samples here. Name their folder in MAILER_SAMPLES.")  # noqa: T201 - the tool's output
        return 0
    scores = score_samples(folder, part=options.part)
    total = scores["all"]
    squares = ("kinds", confusion(total.kinds), "", "classes", confusion(total.pairs))
    print(table(scores), "", *squares, "", replies_table(folder), sep="\n")  # noqa: T201 - the tool's output
    if options.missed:
        print("", *total.missed, sep="\n")  # noqa: T201 - the tool's output
    return 1 if total.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
