"""``mailer reader import``, ``invite``, ``export``: readers come from another service, or go to one."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from mailer.audience.moving.entry import parse_moment
from mailer.audience.moving.export import export, parse_recipient
from mailer.audience.moving.invitation import Pace, invite
from mailer.audience.moving.taking_in import Report, foresee, plan_move, take_in
from mailer.audience.moving.terms import Terms, parse_map
from mailer.bootstrap import Installation
from mailer.cli.bar import bar
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.cli.week import NewsletterOption
from mailer.config import load_settings
from mailer.domain.arrival import Change, Claim
from mailer.domain.flood import HOUR
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.errors import MailerError, UsageError
from mailer.storage import newsletters

Service = Literal["listmonk", "mailchimp", "keila", "phplist", "ghost", "substack", "csv", "json"]
Status = Literal["confirmed", "unconfirmed", "left", "blocked"]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_MOST_SHOWN = 10
_MOST_NAME_CHARS = 40
_WORDS = {
    Change.SUBSCRIBED: "subscribed, their consent proven",
    Change.WAITING: "wait until you have them asked (mailer reader invite --from-import)",
    Change.STOPPED: "noted as “do not mail”",
    Change.ENDED: "subscribed by an earlier import; that ends",
    Change.KEPT: "known here; nothing changes",
    Change.REFUSED: "left out: “do not mail” here",
}


def import_readers(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", exists=True, help="What was exported.")],
    *,
    service: Annotated[
        Service | None, typer.Option("--from", metavar="SERVICE", help="Else it is found out by itself.")
    ] = None,
    newsletter: NewsletterOption = None,
    list_name: Annotated[
        str, typer.Option("--list", metavar="NAME", help="The list, where the file names none.")
    ] = "",
    status: Annotated[
        Status | None,
        typer.Option(metavar="STATUS", help="confirmed, unconfirmed, left or blocked, for every line."),
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="LIST=LANG", help="What a list's readers get: be, ru, en, leave-out."),
    ] = None,
    source: Annotated[
        str, typer.Option(metavar="TEXT", help="How they signed up, for the consent record.")
    ] = "",
    since: Annotated[str, typer.Option(metavar="DATE", help="When, where the lines do not say.")] = "",
    changes: Annotated[
        Path | None,
        typer.Option("--list-changes", metavar="FILE", help="With --dry-run: each line's number and change."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing; say what would be.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take readers over from another service, none without consent."""
    settings: Context = context.obj
    if changes is not None and not dry_run:
        raise UsageError("--list-changes goes with --dry-run; look at it first, then import")
    lists = _lists(mapped or ())
    since_at = _since(since)

    async def work(here: Installation) -> Report:
        found: Newsletter = await here.database.read(lambda tx: newsletters.pick(tx, newsletter))
        claim = Claim(status) if status else None
        terms = Terms(found.slug, found.languages, lists, list_name, claim, source, since_at)
        move = plan_move(path, service, terms)
        with bar() as tell:
            if not dry_run:
                return await take_in(here.database, here.vault, move, now=here.clock(), tell=tell)
            return await foresee(
                here.database, here.vault, move, now=here.clock(), with_places=changes is not None, tell=tell
            )

    report = settings.run(work)
    if changes is not None:
        _write_changes(changes, report)
    if as_json:
        print_json(_as_json(report, dry_run=dry_run))
    else:
        _tell(report, dry_run=dry_run)


def invite_readers(
    context: typer.Context,
    newsletter: NewsletterOption = None,
    per_hour: Annotated[
        int, typer.Option(min=1, max=100_000, metavar="N", help="Most requests that leave in an hour.")
    ] = 200,
    *,
    from_import: Annotated[
        bool, typer.Option("--from-import", help="Ask imported readers whose consent is not proven.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mail imported readers a request to confirm, a few each hour."""
    settings: Context = context.obj
    if not from_import:
        raise UsageError("add --from-import; it is asked for because these mails go to many at once")

    async def work(here: Installation) -> tuple[int, int]:
        found = await here.database.read(lambda tx: newsletters.pick(tx, newsletter))
        sending = here.settings.signup.limits(here.settings.relay.messages_per_day)
        now = here.clock()
        with bar() as tell:
            asked, until = await invite(
                here.database, here.vault, found.slug, pace=Pace(per_hour, sending, now), tell=tell
            )
        return asked, math.ceil((until - now) / HOUR)

    asked, hours = settings.run(work)
    if as_json:
        print_json({"invited": asked, "hours": hours})
    else:
        say(_invited(asked, hours))


def _invited(asked: int, hours: int) -> str:
    if not asked:
        return "nobody is left to be asked"
    who = "1 request to confirm leaves" if asked == 1 else f"{asked} requests to confirm leave"
    return f"{who} within {'an hour' if hours == 1 else f'{hours} hours'}, while “mailer serve” runs"


def export_readers(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, such as readers.age.")],
    recipient: Annotated[
        str, typer.Option(metavar="AGE-KEY", help="Who can open it: age1…, made by age-keygen elsewhere.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Write every reader into one encrypted file."""
    settings: Context = context.obj
    key = parse_recipient(recipient)
    if not load_settings(settings.settings).export.allowed:
        raise MailerError(
            "exporting every address is not allowed here; write allowed = true under [export] in mailer.toml "
            "on the server, and take it out again afterwards"
        )

    async def work(here: Installation) -> int:
        with bar() as tell:
            return await export(here.database, here.vault, path, recipient=key, now=here.clock(), tell=tell)

    count = settings.run(work)
    if as_json:
        print_json({"readers": count, "file": str(path)})
    else:
        who = "1 reader is" if count == 1 else f"{count} readers are"
        say(f"{who} in {path}; it opens with “age --decrypt -i KEY-FILE {path}”")


def _lists(mapped: Sequence[str]) -> dict[str, Language | None]:
    try:
        return dict(parse_map(each) for each in mapped)
    except ValueError as error:
        raise UsageError(f"--map: {error}") from error


def _since(written: str) -> datetime | None:
    try:
        return parse_moment(written) if written else None
    except ValueError as error:
        raise UsageError("--since is no date; write it as 2026-11-23") from error


def _write_changes(path: Path, report: Report) -> None:
    # Line numbers beside “left” say something about people to whoever has the file: it is the owner's alone.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        os.fchmod(descriptor, 0o600)
        file.writelines(f"{place}\t{change}\n" for place, change in report.lines())


def _as_json(report: Report, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        **{change.value: report.changes[change] for change in Change},
        "no_address": len(report.unusable),
        "columns_not_read": list(report.unread),
        "skipped": report.skipped,
        "done_at": report.done_at.isoformat() if report.done_at else None,
    }


def _tell(report: Report, *, dry_run: bool) -> None:
    if report.done_at is not None:
        say(f"these files were imported on {report.done_at:%Y-%m-%d}; nothing was done")
        return
    say("would be, of the persons in these files:" if dry_run else "of the persons in these files:")
    for change, words in _WORDS.items():
        if report.changes[change]:
            say(f"{report.changes[change]:>9}  {words}")
    if report.skipped:
        say(f"{report.skipped:>9}  taken in before, by a run that was cut off")
    if report.unread:
        say(f"columns not read: {_shown(report.unread)}")
    if report.unusable:
        say(f"{len(report.unusable):>9}  lines without a mailable address; the first of them:")
        for place in report.unusable.packed[:_MOST_SHOWN]:
            say(f"           {report.unusable.shown(place)}")


def _shown(columns: Sequence[str]) -> str:
    """Join the names of columns; letters that would steer a terminal are left out."""
    names = ["".join(filter(str.isprintable, column))[:_MOST_NAME_CHARS] for column in columns]
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
