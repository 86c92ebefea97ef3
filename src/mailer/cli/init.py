"""``mailer init``: asks little, says what it will write, writes it, and says what to do next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from mailer.audience.keys import TOKENS_FILE, VAULT_FILE
from mailer.bootstrap import utc_now
from mailer.cli.init_files import DATA, NEWSLETTER_FILE, lay_out, refuse_taken, settings_text
from mailer.cli.init_questions import answered, relay_settings, someone_is_there
from mailer.cli.operator import read_password
from mailer.cli.output import say
from mailer.config import FILE_NAME, RelaySettings
from mailer.delivery.premises import check_links_are_private
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.draft import last_period
from mailer.editorial.importing import import_newsletter, import_texts
from mailer.editorial.newsletter_file import parse_newsletter_file
from mailer.editorial.operators import checked_password, make_password, set_password
from mailer.editorial.sample import newsletter_text, sample_texts
from mailer.errors import MailerError, UsageError
from mailer.storage import Database
from mailer.storage.media import Media


@dataclass(frozen=True, slots=True)
class _Plan:
    """What will be written.

    Attributes:
        password: the operator's.
        is_made: whether we made it, so that it has to be shown.
        sample: the last of the two weeks of sample texts; None without them.
    """

    folder: Path
    public_url: str
    listen: str
    relay: RelaySettings
    newsletter: str
    operator: str
    password: str
    is_made: bool
    sample: Period | None

    @property
    def described(self) -> Newsletter:
        return parse_newsletter_file(self.newsletter.encode(), place=NEWSLETTER_FILE)


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made if it is not there.")] = Path(),
    *,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where readers open the site: https://…")
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where this machine serves it.")
    ] = None,
    sender: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="What the newsletter comes from.")
    ] = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Of its timetable: Europe/Warsaw.")] = None,
    relay: Annotated[str, typer.Option(metavar="HOST:PORT", help="The outgoing mail server.")] = "",
    operator: Annotated[str | None, typer.Option(metavar="NAME", help="Who can log in to the desk.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take that password from standard input.")
    ] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Put in two weeks of sample texts.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Make a folder an installation.

    Settings, keys, a database with an operator, and an example newsletter are written into it.
    """
    refuse_taken(folder)
    if password_stdin and not yes:
        raise UsageError("--password-stdin takes standard input, so nobody can be asked; add --yes")
    if not yes and not someone_is_there():
        # What a script feeds is not meant as an answer, whatever it says.
        raise MailerError(
            "nobody is at a terminal to answer, so nothing was done; add --yes to be asked nothing"
        )
    outgoing = relay_settings(relay) if relay else RelaySettings()
    given = {
        "public_url": public_url,
        "listen": listen,
        "sender": sender,
        "zone": zone,
        "operator": operator,
    }
    answers = answered(given, asks=not yes)
    # “none” is only for a server on this machine.
    check_links_are_private(answers["public_url"], leaves_machine=bool(relay) and outgoing.tls != "none")
    newsletter = newsletter_text(sender=answers["sender"], zone=answers["zone"])
    described = parse_newsletter_file(newsletter.encode(), place=NEWSLETTER_FILE)
    plan = _Plan(
        folder,
        answers["public_url"],
        answers["listen"],
        outgoing,
        newsletter,
        answers["operator"],
        checked_password(read_password()) if password_stdin else make_password(),
        is_made=not password_stdin,
        sample=last_period(described, utc_now()) if sample else None,
    )
    if not yes:
        _say_plan(plan, f"To be written into {folder.resolve()}:")
        if not typer.confirm("Write this?"):
            raise MailerError("nothing was written")
    _write(plan)
    _say_plan(plan, f"Written into {folder.resolve()}:")
    _say_written(plan)


def _write(plan: _Plan) -> None:
    async def fill(database: Database, media: Media) -> None:
        await set_password(database, plan.operator, plan.password)
        if plan.sample is not None:
            await import_newsletter(database, plan.described)
            await import_texts(database, media, sample_texts(plan.sample))

    lay_out(
        plan.folder,
        texts={
            NEWSLETTER_FILE: plan.newsletter,
            FILE_NAME: settings_text(public_url=plan.public_url, listen=plan.listen, relay=plan.relay),
        },
        fill=fill,
        is_sample=plan.sample is not None,
    )


def _say_plan(plan: _Plan, head: str) -> None:
    described = plan.described
    relay = f"mail goes to {plan.relay.host}" if plan.relay.host else "mail stays on this machine"
    say(head)
    say(f"  {FILE_NAME:<16} the site is {plan.public_url}, served on {plan.listen}; {relay}")
    say(
        f"  {NEWSLETTER_FILE:<16} {described.slug}, from {described.sender}, by the clock of {described.zone}"
    )
    say(f"  {DATA + '/':<16} new keys, and a database with the operator “{plan.operator}”")
    if plan.sample is not None:
        weeks = f"{plan.sample.previous.key} and {plan.sample.key}"
        say(f"  {'':<16} and sample texts of {weeks}, which never leave this machine")
    say("")


def _say_written(plan: _Plan) -> None:
    keys = plan.folder / DATA / "keys"
    if plan.is_made:
        say(f"“{plan.operator}” logs in to {plan.public_url}/desk/ with a password that is shown only now:")
        say(f"  {plan.password}")
        say(f"For a new one: mailer operator password {shlex.quote(plan.operator)}")
        say("")
    say("Copy these two files to a safe place now; whoever loses them loses the readers:")
    say(f"  {keys / VAULT_FILE}")
    say(f"  {keys / TOKENS_FILE}")
    say("")
    say("Next:")
    for command in _next_commands(plan):
        say(f"  {command}")


def _next_commands(plan: _Plan) -> list[str]:
    """Return the next three commands."""
    is_here = plan.folder.resolve() == Path.cwd()
    go_there = [] if is_here else [f"cd {shlex.quote(str(plan.folder))}"]
    if plan.sample is not None:
        commands = [*go_there, "mailer issue build", "mailer serve", "mailer schedule"]
    else:
        commands = [
            *go_there,
            f"mailer newsletter import {NEWSLETTER_FILE}",
            "mailer serve",
            "mailer commentary new",
        ]
    return commands[:3]
