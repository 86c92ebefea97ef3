"""``mailer commentary``: texts as files, in and out."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.cli.week import NewsletterOption, WeekOption, chosen_period
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.blank_files import new_files
from mailer.editorial.commentary_file import Defaults
from mailer.editorial.folder import ReadFiles, read_paths
from mailer.editorial.importing import Imported, import_texts
from mailer.errors import MailerError
from mailer.storage import newsletters
from mailer.storage.media import Media

app = typer.Typer(help="Commentaries, one Markdown file per language.", no_args_is_help=True)


@app.command("new")
def new(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the week's folder is made.")
    ] = Path(),
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a week's empty files.

    Files that are there already stay as they are.
    """
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[Newsletter, Period]:
        found = await installation.database.read(lambda tx: newsletters.pick(tx, newsletter))
        return found, chosen_period(week, found, installation.clock())

    found, period = settings.run(work)
    files = {folder / name: text for name, text in new_files(found, period).items()}
    written = _write_new(files)
    kept = len(files) - len(written)
    if json:
        print_json({"week": period.key, "written": len(written), "kept": kept})
        return
    say(f"Files in {folder / period.key}: {len(written)} new, {kept} were there and stay as they are")
    say("To show a picture, save it beside the text and write: ![what it shows](map.jpg)")
    say(f"Fill them in, then: mailer commentary import {shlex.quote(str(folder))}")


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files or folders.")],
    newsletter: NewsletterOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Store texts and the pictures they show, all of them or none.

    Again changes only what changed.
    """
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[ReadFiles, Imported]:
        defaults = await installation.database.read(
            lambda tx: (
                _defaults(newsletters.pick(tx, newsletter), newsletter)
                if newsletter or len(newsletters.slugs(tx)) == 1
                else Defaults()
            )
        )
        media = Media(installation.settings.data)
        read = read_paths(paths, defaults=defaults, holds=media.holds)
        return read, await import_texts(installation.database, media, read)

    read, imported = settings.run(work)
    if json:
        print_json(
            {
                "changed": imported.changed,
                "unchanged": imported.unchanged,
                "untouched": len(read.untouched),
                "pictures": len(read.pictures),
                "notes": [str(note) for note in read.notes],
            }
        )
        return
    say(f"Texts: {imported.changed} new or changed, {imported.unchanged} as they were")
    if read.untouched:
        say(f"Passed over, because nothing is written in them yet: {len(read.untouched)}")
    if read.pictures:
        say(f"Pictures: {len(read.pictures)}")
    for note in read.notes:
        say(f"note: {note}")


def _defaults(newsletter: Newsletter, named: str | None) -> Defaults:
    return Defaults(newsletter=newsletter.slug if named else None, zone=ZoneInfo(newsletter.zone))


def _write_new(files: Mapping[Path, str]) -> list[Path]:
    """Write those of *files* that are not there yet, all of them or none; return them.

    Raises:
        MailerError: one can't be written; what was written before it is gone again.
    """
    made: list[Path] = []
    folders: list[Path] = []
    try:
        for path, text in files.items():
            folders += [each for each in path.parents if not each.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                _write_one(path, text, made)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise MailerError(
            f"{error.filename or path} can't be written ({error.strerror}), so no file was; "
            "make room there or choose another folder"
        ) from error
    return made


def _write_one(path: Path, text: str, made: list[Path]) -> None:
    with path.open("x", encoding="utf-8") as file:
        made.append(path)
        file.write(text)
