"""``mailer newsletter``: what an editor decides about a publication, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.editorial.importing import import_newsletter
from mailer.editorial.newsletter_export import write_newsletter_file
from mailer.editorial.newsletter_file import parse_newsletter_file
from mailer.errors import UsageError
from mailer.storage import newsletters

app = typer.Typer(help="Newsletters, as newsletter.toml describes them.", no_args_is_help=True)


@app.command("import")
def import_(context: typer.Context, file: Annotated[Path, typer.Argument(help="A newsletter.toml.")]) -> None:
    """Store a newsletter; again changes only what changed."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read ({error.strerror}); name a newsletter.toml") from error
    newsletter = parse_newsletter_file(content, place=str(file))
    settings: Context = context.obj

    async def work(installation: Installation) -> bool:
        return await import_newsletter(installation.database, newsletter)

    changed = settings.run(work)
    say(f"{newsletter.slug}: {'stored' if changed else 'nothing changed'}")


@app.command("export")
def export(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Option(help="Its slug; needed with several.")] = None,
) -> None:
    """Print a newsletter as the file that import takes."""
    settings: Context = context.obj

    async def work(installation: Installation) -> str:
        return write_newsletter_file(
            await installation.database.read(lambda tx: newsletters.pick(tx, newsletter))
        )

    typer.echo(settings.run(work), nl=False)
