"""``mailer issue check``: everything that would hold a draft or fail its readers, with what it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.draft_output import draft_json, say_draft
from mailer.cli.issue_choice import IssueOption, IssueWeekOption, JsonOption, find_issue
from mailer.cli.output import print_json, say
from mailer.cli.week import NewsletterOption
from mailer.delivery.copy import Composer
from mailer.delivery.printing import Inspection, Printed, inspect
from mailer.delivery.standstill import Standstill
from mailer.domain.checks.machine import stays_here
from mailer.domain.finding import Check, Finding, by_weight, warning
from mailer.domain.issue import IssueState
from mailer.domain.nearest import did_you_mean
from mailer.domain.token import PUBLIC_ID_BYTES, Token
from mailer.errors import MailerError, UsageError
from mailer.rendering import holes
from mailer.rendering.theme_folder import FOLDER
from mailer.storage import newsletters

_NOBODY = b"\0" * PUBLIC_ID_BYTES
_READER = "reader@example.org"
_MAY_GO = frozenset({IssueState.DRAFT, IssueState.EXPIRED})

PreviewOption = Annotated[
    str | None,
    typer.Option(metavar="FOLDER", help="Write each edition there, as .html, .txt and .eml, to look at."),
]


def check(
    context: typer.Context,
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    preview: PreviewOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say what holds a draft; status 1 when something does.

    Each edition is rendered and weighed as a release would.
    """
    settings: Context = context.obj
    folder = _folder(preview)

    async def work(installation: Installation) -> tuple[Inspection, list[str]]:
        inspection = await _inspect(installation, newsletter, week, issue)
        return inspection, _write(inspection, installation, folder) if folder else []

    inspection, files = settings.run(work)
    if json:
        sizes = {"sizes": _sizes(inspection), "files": files}
        print_json(draft_json(inspection.draft, Standstill()) | sizes)
    else:
        say_draft(inspection.draft, Standstill())
        _say_sizes(inspection)
        if files:
            say(f"{len(files)} files are in {folder}: {', '.join(files)}")
    if inspection.draft.blocking:
        raise typer.Exit(1)


def _folder(named: str | None) -> Path | None:
    if named is None:
        return None
    if not named.strip():
        # An empty name is this folder to the system: a variable of a script's that was never set.
        raise UsageError("--preview names no folder; write one, as --preview look")
    return Path(named)


async def _inspect(
    installation: Installation, newsletter: str | None, week: str | None, number: int | None
) -> Inspection:
    found = await find_issue(installation, newsletter, week, number)
    date: datetime = found.issue.released_at or installation.clock().replace(microsecond=0)
    inspection = await inspect(
        installation.database, found, installation.links, date=date, themes=installation.themes
    )
    if found.issue.state not in _MAY_GO:
        # It was judged when it went; what is written since is no fault of it.
        return replace(inspection, draft=found)
    judged, strays = inspection.draft, await _stray_themes(installation)
    findings = by_weight([*judged.findings, *stays_here(installation.machine), *strays])
    return replace(inspection, draft=replace(judged, findings=findings))


async def _stray_themes(installation: Installation) -> list[Finding]:
    """Say which folders of templates are no newsletter's: a name misspelt, mostly."""
    slugs = await installation.database.read(newsletters.slugs)
    return [
        warning(
            Check.THEME,
            f"{FOLDER}/{name} belongs to no newsletter{did_you_mean(name, slugs)}, so its templates are not "
            "used",
            f"name the folder after a newsletter ({', '.join(slugs)}), or take it away",
        )
        for name in installation.themes.strays(slugs)
    ]


def _sizes(inspection: Inspection) -> list[dict[str, Any]]:
    measures = [printed.measure for printed in inspection.editions]
    return [
        {
            "edition": each.edition,
            "language": each.language,
            "subject": each.subject,
            "html_bytes": each.html_bytes,
            "text_bytes": each.text_bytes,
            "message_bytes": each.message_bytes,
            "readers": inspection.readers.get(each.edition, 0),
        }
        for each in measures
    ]


def _say_sizes(inspection: Inspection) -> None:
    """Print what each edition weighs: its two parts, and a reader's whole message."""
    sizes = _sizes(inspection)
    if not sizes:
        return
    width = max(len("edition"), *(len(each["edition"]) for each in sizes))
    heads = ("HTML kB", "text kB", "message kB", "readers")
    say(f"{'edition':<{width}}" + "".join(f"{head:>12}" for head in heads))
    for each in sizes:
        figures = [f"{each[part] / 1000:.1f}" for part in ("html_bytes", "text_bytes", "message_bytes")]
        line = [*figures, str(each["readers"])]
        say(f"{each['edition']:<{width}}" + "".join(f"{figure:>12}" for figure in line))


def _write(inspection: Inspection, installation: Installation, folder: Path) -> list[str]:
    """Write every edition as it would reach a reader, without a signature; return the files' names."""
    newsletter, number = inspection.draft.newsletter, inspection.draft.issue.id
    composer = installation.composer(None).of(newsletter)
    link = installation.keys.link.link(Token(_NOBODY, issue=number))
    names = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for printed in inspection.editions:
            for suffix, content in _forms(printed, composer, link, number):
                (folder / f"{printed.name}.{suffix}").write_bytes(content)
                names.append(f"{printed.name}.{suffix}")
    except OSError as error:
        raise MailerError(
            f"{folder} can’t be written to ({error.strerror}); name a folder of your own after --preview"
        ) from error
    return names


def _forms(printed: Printed, composer: Composer, link: str, number: int) -> Iterator[tuple[str, bytes]]:
    for suffix, part in (("html", printed.mail.html), ("txt", printed.mail.text)):
        yield suffix, part.replace(holes.TOKEN, link).encode()
    copy = composer.copy_to(_READER, printed.skeleton, Token(_NOBODY, issue=number))
    yield "eml", copy.message
