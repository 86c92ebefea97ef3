"""The packaged sample: a newsletter and two weeks of commentaries, dated when they are used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.commentary_file import CommentaryFile, Defaults
from mailer.editorial.folder import read_paths
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


def sample_commentaries(latest: Period) -> list[CommentaryFile]:
    """Return both weeks of commentaries: one on *latest*, one on the period before."""
    newsletter = sample_newsletter()
    files: list[CommentaryFile] = []
    for folder, period in (("earlier", latest.previous), ("latest", latest)):
        defaults = Defaults(newsletter.slug, period, ZoneInfo(newsletter.zone))
        files += read_paths([_FOLDER / folder], defaults=defaults).files
    return files


def _put(text: str, line: str, value: str) -> str:
    """Write *value* into every line of *text* that matches *line*, as TOML and JSON both write text."""
    return re.sub(
        line, lambda found: found[1] + json.dumps(value, ensure_ascii=False), text, flags=re.MULTILINE
    )
