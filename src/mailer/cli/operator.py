"""``mailer operator``: who can log in to the desk."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.editorial.operators import make_password, set_password
from mailer.errors import UsageError

_MOST_BYTES = 4096

app = typer.Typer(help="Who can log in to the desk.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``password`` a verb of its own while it is the only one."""


@app.command()
def password(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Made if there is no operator of that name.")],
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Take the password from standard input, not a made one.")
    ] = False,
) -> None:
    """Give an operator a new password.

    Whoever is logged in with the old one is logged out.
    """
    settings: Context = context.obj
    chosen = read_password() if password_stdin else make_password()

    async def work(installation: Installation) -> None:
        await set_password(installation.database, name, chosen)

    settings.run(work)
    if password_stdin:
        say(f"{name} can log in to the desk with the new password")
        return
    say(f"{name} can log in to the desk with this password, which is shown only now:")
    say(f"  {chosen}")


def read_password() -> str:
    """Return the first line of standard input.

    Raises:
        UsageError: nothing came.
    """
    line = sys.stdin.buffer.readline(_MOST_BYTES).decode("utf-8", "replace").rstrip("\r\n")
    if not line:
        raise UsageError("no password came on standard input; write it there, in one line")
    return line
