"""``mailer newsletter``: what an editor decides about a publication, as a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.cli.week import NewsletterOption
from mailer.domain.newsletter import Newsletter
from mailer.editorial.importing import import_newsletter
from mailer.editorial.logo import LogoShelf
from mailer.editorial.newsletter_export import write_newsletter_file
from mailer.editorial.newsletter_file import MAX_FILE_BYTES, parse_newsletter_file
from mailer.errors import UsageError
from mailer.rendering.theme_check import refuse_broken_themes
from mailer.storage import newsletters
from mailer.storage.media import Media
from mailer.web.public.embed_form import embed_form

app = typer.Typer(help="Newsletters, as newsletter.toml describes them.", no_args_is_help=True)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A newsletter.toml.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Store a newsletter.

    Again changes only what changed.
    """
    content = _content(file)
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Newsletter, bool, list[str]]:
        media = Media(here.settings.data)
        shelf = LogoShelf(file.parent, media.holds)
        newsletter = parse_newsletter_file(content, place=str(file), hang=shelf.hang)
        await asyncio.to_thread(refuse_broken_themes, here.themes, [newsletter])
        before = await here.database.read(newsletters.slugs)
        await asyncio.to_thread(media.keep, shelf.pictures)
        return newsletter, await import_newsletter(here.database, newsletter), before

    newsletter, changed, before = settings.run(work)
    if json:
        print_json({"newsletter": newsletter.slug, "changed": changed})
        return
    say(f"{newsletter.slug}: {'stored' if changed else 'nothing changed'}")
    if before and newsletter.slug not in before:
        say(f"It is a new newsletter; {', '.join(before)} goes on beside it")


@app.command("export")
def export(
    context: typer.Context,
    newsletter: NewsletterOption = None,
) -> None:
    """Print a newsletter as the file that import takes."""
    settings: Context = context.obj

    async def work(installation: Installation) -> str:
        return write_newsletter_file(
            await installation.database.read(lambda tx: newsletters.pick(tx, newsletter))
        )

    # As bytes: the file is UTF-8 whatever the terminal's letters are.
    typer.echo(settings.run(work).encode(), nl=False)


@app.command("form")
def form(
    context: typer.Context,
    newsletter: NewsletterOption = None,
    language: Annotated[str, typer.Option(metavar="LANG", help="be, ru or en; without it, all.")] = "",
) -> None:
    """Print a sign-up form to paste into another site.

    It leads to our page, with one more button there.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> list[str]:
        found = await here.database.read(lambda tx: newsletters.pick(tx, newsletter))
        spoken = [each for each in found.languages if language in ("", each)]
        if not spoken:
            raise UsageError(
                f"--language: {found.slug} is not published in “{language}”; write one of "
                f"{', '.join(found.languages)}"
            )
        return [embed_form(here.links, found, each) for each in spoken]

    # As bytes: the forms are UTF-8 whatever the terminal's letters are.
    typer.echo("\n".join(settings.run(work)).encode(), nl=False)


def _content(file: Path) -> bytes:
    """Read a file, but never more than shows that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} can't be read ({error.strerror}); name a newsletter.toml") from error
