"""The packaged sample: a newsletter and two weeks of commentaries, dated when they are used."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.commentary_file import CommentaryFile, Defaults
from mailer.editorial.folder import read_paths
from mailer.editorial.newsletter_file import parse_newsletter_file

_FOLDER = Path(__file__).resolve().parents[1] / "sample"


def newsletter_text() -> str:
    """Return the sample's newsletter.toml, each line commented."""
    return (_FOLDER / "newsletter.toml").read_text("utf-8")


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
