"""``mailer commentary``: texts as files, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.cli.week import WeekOption, chosen_period
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.blank_files import new_files
from mailer.editorial.commentary_file import Defaults
from mailer.editorial.folder import ReadFiles, read_paths
from mailer.editorial.importing import Imported, import_commentaries
from mailer.errors import MailerError
from mailer.storage import newsletters

app = typer.Typer(help="Commentaries, one Markdown file per language.", no_args_is_help=True)
_NewsletterOption = Annotated[str | None, typer.Option(help="Its slug; needed with several newsletters.")]


@app.command("new")
def new(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the week's folder is made.")] = Path(),
    week: WeekOption = "last",
    newsletter: _NewsletterOption = None,
) -> None:
    """Write empty files for a week; files that are there already stay as they are."""
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[Newsletter, Period]:
        found = await installation.database.read(lambda tx: newsletters.pick(tx, newsletter))
        return found, chosen_period(week, found, installation.clock())

    found, period = settings.run(work)
    written = 0
    for name, text in new_files(found, period).items():
        written += _write_new(folder / name, text)
    say(
        f"{written} new files in {folder / period.key}; fill them in, then: mailer commentary import {folder}"
    )


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    newsletter: _NewsletterOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Store texts, all of them or none; again changes only what changed."""
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[ReadFiles, Imported]:
        defaults = await installation.database.read(
            lambda tx: (
                _defaults(newsletters.pick(tx, newsletter), newsletter)
                if newsletter or len(newsletters.slugs(tx)) == 1
                else Defaults()
            )
        )
        read = read_paths(paths, defaults=defaults)
        return read, await import_commentaries(installation.database, read.files)

    read, imported = settings.run(work)
    if json:
        print_json(
            {
                "changed": imported.changed,
                "unchanged": imported.unchanged,
                "untouched": len(read.untouched),
            }
        )
        return
    say(f"{imported.changed} texts new or changed, {imported.unchanged} as they were")
    if read.untouched:
        say(f"{len(read.untouched)} files have nothing written in them yet and were passed over")


def _defaults(newsletter: Newsletter, named: str | None) -> Defaults:
    return Defaults(newsletter=newsletter.slug if named else None, zone=ZoneInfo(newsletter.zone))


def _write_new(path: Path, text: str) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return 0
    except OSError as error:
        raise MailerError(
            f"{path} can't be written ({error.strerror}); choose a folder that is yours"
        ) from error
    return 1
