"""``mailer keys``: what keys there are, new ones beside them, the end of old ones; never a key itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.audience import key_rotation
from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE
from mailer.audience.key_rotation import Held, Retired, Rotated
from mailer.bootstrap import Installation
from mailer.cli.bar import bar
from mailer.cli.context import Context
from mailer.cli.output import print_json, say

app = typer.Typer(help="The keys that seal addresses and sign links (docs/keys.md).", no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_DUTIES = {
    "seal": ("seals", "opens"),
    "link": ("signs", "verifies, for ever"),
    "return-path": ("signs", "verifies, for ever"),
    "index": ("finds addresses; stays", ""),
    "message-id": ("names mails; stays", ""),
}


@app.command()
def show(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """List the keys, their age and what lies under them."""
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Path, list[Held]]:
        return here.keyring.folder.path, await key_rotation.held(here.database, here.keyring)

    folder, found = settings.run(work)
    if as_json:
        print_json({"files": _files(folder), "keys": [_as_json(each) for each in found]})
        return
    _say_copy(folder)
    say("")
    for line in _table(found):
        say(line)


@app.command()
def rotate(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Add new keys and seal every address anew, while the service runs.

    Broken off, it is finished by the next “mailer keys rotate”.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Path, Rotated]:
        with bar() as tell:
            rotated = await key_rotation.rotate(
                here.database, here.keyring, here.settings.data, now=here.clock(), tell=tell
            )
        return here.keyring.folder.path, rotated

    folder, rotated = settings.run(work)
    if as_json:
        print_json(
            {
                "new": dict(rotated.new),
                "resealed": rotated.resealed.count,
                "unopened": rotated.resealed.unopened,
                "waits_in": None if rotated.waits_in is None else str(rotated.waits_in),
                "files": _files(folder),
            }
        )
        return
    if rotated.waits_in is not None:
        _say_waits(rotated.waits_in)
        return
    new = ", ".join(f"{purpose} {key_id}" for purpose, key_id in rotated.new.items())
    say(f"New keys: {new}" if new else "An earlier rotation is finished; no new key was made")
    say(f"Sealed anew: {rotated.resealed.count}")
    if rotated.resealed.unopened:
        say(f"Not opened, and left as they were: {rotated.resealed.unopened}; restore them from a backup")
    _say_copy(folder)


@app.command()
def retire(
    context: typer.Context,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Not a day after the rotation: every process was restarted since.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop the seal keys under which nothing lies any more.

    A backup from before the rotation then opens only with the copy of the key files from that time.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> Retired:
        return await key_rotation.retire(
            here.database, here.keyring, here.settings.data, now=here.clock(), at_once=now
        )

    retired = settings.run(work)
    if as_json:
        waits = None if retired.waits_in is None else str(retired.waits_in)
        print_json({"retired": list(retired.gone), "waits_in": waits})
    elif retired.waits_in is not None:
        _say_waits(retired.waits_in)
    elif not retired.gone:
        say("There is no old seal key; nothing was changed")
    else:
        say(f"Retired: seal {', '.join(map(str, retired.gone))}")
        say(
            "Backups from before the rotation open only with the copy of the key files from that time; "
            "keep it as long as those"
        )


def _files(folder: Path) -> list[str]:
    return [str(folder / name) for name in (VAULT_FILE, TOKENS_FILE)]


def _say_copy(folder: Path) -> None:
    say("Copy these two files away; without them no address opens and no link works:")
    for path in _files(folder):
        say(f"  {path}")


def _say_waits(folder: Path) -> None:
    say(
        f"The new files are in {folder}: encrypt both with systemd-creds over the old credentials, "
        "restart the service, then run the same command again (docs/keys.md)"
    )


def _table(found: Sequence[Held]) -> list[str]:
    lines = [f"{'key':<16}{'made':<14}{'does':<26}{'sealed values':>13}"]
    for each in found:
        duty = _DUTIES[each.purpose][0 if each.is_newest else 1]
        made = "" if each.made_at is None else f"{each.made_at:%Y-%m-%d}"
        values = "" if each.values is None else str(each.values)
        lines.append(f"{each.purpose + ' ' + str(each.id):<16}{made:<14}{duty:<26}{values:>13}".rstrip())
    return lines


def _as_json(key: Held) -> dict[str, Any]:
    return asdict(key) | {"made_at": None if key.made_at is None else key.made_at.isoformat()}
