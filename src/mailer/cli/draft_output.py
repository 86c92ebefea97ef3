"""How a draft is printed: its state, its topics, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailer.cli.issue_choice import issue_json, name_of
from mailer.cli.output import say
from mailer.delivery.standstill import Standstill
from mailer.domain.finding import Finding, Severity
from mailer.editorial.draft import Draft
from mailer.editorial.schedule_times import zone_of


def draft_json(found: Draft, standstill: Standstill) -> dict[str, Any]:
    """Return a draft as ``--json`` prints it."""
    topics = [
        {"topic": each.topic, "trend": each.trend, "ready": sorted(each.ready_languages())}
        for each in found.grid.commentaries
    ]
    known = {
        "topics": topics,
        "audience": {str(language): count for language, count in found.audience.items()},
        "findings": [_finding_json(each) for each in found.findings],
    }
    return issue_json(found.issue) | known | standstill.as_json()


def say_draft(found: Draft, standstill: Standstill) -> None:
    """Print a draft for people."""
    say_state(found, standstill)
    for each in found.grid.commentaries:
        say(f"  {each.topic:<16} {each.trend or 'no trend':<10} {', '.join(sorted(each.ready_languages()))}")
    say_findings(found.findings)


def say_state(found: Draft, standstill: Standstill) -> None:
    """Print where an issue stands, and why it stands still, if it does."""
    say(f"{name_of(found.issue)}: {found.issue.state}")
    for sentence in standstill.sentences(zone_of(found.newsletter)):
        say(f"STANDS STILL: {sentence}")


def say_findings(findings: Sequence[Finding]) -> None:
    """Print what was found, a line each."""
    for finding in findings:
        say(f"{'HELD' if finding.severity is Severity.BLOCKING else 'note'}: {finding}")


def _finding_json(finding: Finding) -> dict[str, str]:
    return {
        "severity": finding.severity,
        "code": finding.check,
        "message": finding.message,
        "remedy": finding.remedy,
        "where": finding.where,
    }
