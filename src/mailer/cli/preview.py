"""``mailer issue preview``: what a reader will get, to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from mailer.audience.address import NotAnAddress, parse_address
from mailer.audience.keys import Keys, seeded_keys
from mailer.audience.vault import Vault
from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.issue_choice import IssueWeekOption
from mailer.cli.week import LAST, NewsletterOption, chosen_period
from mailer.delivery.copy import Composer
from mailer.delivery.letterpress import letterhead
from mailer.domain.commentary import Commentary
from mailer.domain.issue import Issue, IssueKind, IssueState
from mailer.domain.language import Language, parse_language
from mailer.domain.links import Links
from mailer.domain.period import week as iso_week
from mailer.domain.plan import Grid, arrange, plan_for
from mailer.domain.relay_profile import RelayProfile
from mailer.domain.token import PUBLIC_ID_BYTES, Token
from mailer.editorial import draft
from mailer.editorial.commentary_file import CommentaryFile
from mailer.editorial.contents import edition_content
from mailer.editorial.importing import merged
from mailer.editorial.sample import sample_commentaries, sample_newsletter
from mailer.errors import MailerError, UsageError
from mailer.rendering import holes
from mailer.rendering.apart import render_apart
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.theme_folder import OURS_ALONE, Themes
from mailer.storage import newsletters

_SAMPLE_WEEK = iso_week(2026, 47)
_SAMPLE_DATE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
_SAMPLE_LINKS = Links("https://news.example.org", mail_domain="bounces.example.org")
_SAMPLE_SEED = b"mailer: the packaged sample"
_NOBODY = b"\0" * PUBLIC_ID_BYTES
_FORMATS = ("html", "text", "message")


def preview(
    context: typer.Context,
    language: Annotated[str, typer.Option(metavar="LANG", help="be, ru or en.")] = "be",
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="html, text, or message: the exact bytes.")
    ] = "text",
    reader: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Whose copy; To shows it.")
    ] = "reader@example.org",
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    *,
    sample: Annotated[
        bool, typer.Option("--sample", help="The packaged sample issue; needs no installation.")
    ] = False,
) -> None:
    """Print an edition as it would be sent now."""
    if format_ not in _FORMATS:
        raise UsageError(f"--format: “{format_}” is not known; write one of {', '.join(_FORMATS)}")
    try:
        chosen = parse_language(language)
    except ValueError as error:
        raise UsageError(f"--language: {error}") from error
    try:
        address = parse_address(reader)
    except NotAnAddress as error:
        raise UsageError(f"--reader: {error}; write one, as reader@example.org") from error
    if sample:
        if week is not None or newsletter is not None:
            raise UsageError("--sample is one issue of its own; leave out --week and --newsletter")
        sheet = _sample()
    else:
        settings: Context = context.obj
        sheet = settings.run(
            lambda installation: _stored(installation, newsletter, LAST if week is None else week)
        )
    typer.echo(sheet.print(chosen, format_, address.spec), nl=False)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Everything one printed edition is made from."""

    grid: Grid
    issue: Issue
    links: Links
    keys: Keys
    date: datetime
    themes: Themes = OURS_ALONE
    profile: RelayProfile = RelayProfile.NONE

    def print(self, language: Language, format_: str, reader: str) -> bytes:
        newsletter = self.grid.newsletter
        if language not in newsletter.languages:
            known = ", ".join(newsletter.languages)
            raise UsageError(f"--language: {newsletter.slug} is not published in {language}, but in {known}")
        plan = plan_for(self.grid, language, None)
        if not plan.cells:
            raise MailerError(
                f"there is nothing to show in {language}: no text is ready; write “state: ready” in one, "
                "then run “mailer commentary import FOLDER”"
            )
        content = edition_content(self.grid, self.issue, plan, self.links)
        (mail,) = render_apart([content], folder=self.themes.of(newsletter.slug))
        token = Token(_NOBODY, issue=self.issue.id)
        if format_ != "message":
            part = mail.html if format_ == "html" else mail.text
            return part.replace(holes.TOKEN, self.keys.link.link(token)).encode()
        skeleton = edition_skeleton(
            mail,
            letterhead(newsletter, language, self.links),
            issue_key=self.issue.key,
            date=self.date,
        )
        composer = Composer(self.keys, Vault(self.keys), self.links.mail_domain, profile=self.profile)
        return composer.of(newsletter).copy_to(reader, skeleton, token).message


def _sample() -> _Sheet:
    keys = seeded_keys(_SAMPLE_SEED)
    return _Sheet(_sample_grid(), _sample_issue(), _SAMPLE_LINKS, keys, _SAMPLE_DATE)


def _sample_grid() -> Grid:
    by_topic: dict[str, list[CommentaryFile]] = {}
    for file in sample_commentaries(_SAMPLE_WEEK):
        if file.period == _SAMPLE_WEEK:
            by_topic.setdefault(file.topic, []).append(file)
    commentaries = [merged(Commentary(topic, _SAMPLE_WEEK), files) for topic, files in by_topic.items()]
    return arrange(sample_newsletter(), _SAMPLE_WEEK, commentaries)[0]


def _sample_issue() -> Issue:
    return Issue(1, "belarus-weekly", IssueKind.REGULAR, _SAMPLE_WEEK, IssueState.DRAFT, _SAMPLE_DATE)


async def _stored(installation: Installation, newsletter: str | None, week: str) -> _Sheet:
    found = await installation.database.read(lambda tx: newsletters.pick(tx, newsletter))
    period = chosen_period(week, found, installation.clock())
    drafted = await draft.find(installation.database, found, period, at=installation.clock())
    date = drafted.issue.released_at or installation.clock().replace(microsecond=0)
    here = installation
    profile = here.settings.relay.profile
    return _Sheet(drafted.grid, drafted.issue, here.links, here.keys, date, here.themes, profile)
