"""The packaged sample: a newsletter and two weeks of commentaries with a picture, dated when used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.commentary_file import CommentaryFile, Defaults
from mailer.editorial.folder import ReadFiles, read_paths
from mailer.editorial.newsletter_file import parse_newsletter_file

_FOLDER = Path(__file__).resolve().parents[1] / "sample"
_NOBODYS_DOMAIN = r"example\.org"


def newsletter_text(*, sender: str | None = None, zone: str | None = None) -> str:
    """Return the sample's newsletter.toml, each line commented, with these answers put in.

    Args:
        sender: the address it comes from, and where answers go; None leaves the sample's.
        zone: the clock its timetable goes by; None leaves the sample's.
    """
    text = (_FOLDER / "newsletter.toml").read_text("utf-8")
    if zone is not None:
        text = _put(text, r"^(zone = ).*$", zone)
    if sender is not None:
        text = _put(text, r"^(sender = ).*$", sender)
        # Answers to the sample's own addresses would be lost.
        text = _put(text, rf'^(\w\w = )"[^"@]+@{_NOBODYS_DOMAIN}"$', sender)
    return text


def sample_newsletter() -> Newsletter:
    """Return the sample's newsletter."""
    return parse_newsletter_file(newsletter_text().encode(), place="newsletter.toml")


def sample_texts(latest: Period) -> ReadFiles:
    """Return both weeks of commentaries, one on *latest*, one on the period before, with their pictures."""
    newsletter = sample_newsletter()
    weeks = [
        read_paths([_FOLDER / folder], defaults=Defaults(newsletter.slug, period, ZoneInfo(newsletter.zone)))
        for folder, period in (("earlier", latest.previous), ("latest", latest))
    ]
    return ReadFiles(
        files=tuple(file for week in weeks for file in week.files),
        pictures={name: content for week in weeks for name, content in week.pictures.items()},
    )


def sample_commentaries(latest: Period) -> list[CommentaryFile]:
    """Return the same texts alone, where nobody will look at their pictures."""
    return list(sample_texts(latest).files)


def _put(text: str, line: str, value: str) -> str:
    """Write *value* into every line of *text* that matches *line*, as TOML and JSON both write text."""
    return re.sub(
        line, lambda found: found[1] + json.dumps(value, ensure_ascii=False), text, flags=re.MULTILINE
    )
