"""``mailer bounces``: returned mail taken and read, and what came back or was answered judged as there.

Judging needs no settings and no database; ``alone`` starts it without the libraries of the others, because
a script may start it once for every line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from mailer.cli.output import print_json, say
from mailer.domain.classifier import classify as classify_reply
from mailer.domain.classifier import parse_reply
from mailer.domain.reply import mask
from mailer.domain.reply_class import Cause
from mailer.log import set_up_log

app = typer.Typer()

alone = typer.Typer(
    name="mailer", add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
"""The command line with no other verb: none of their libraries is loaded."""

# No server may answer as much; what is longer is read, judged and shown by its beginning.
_MAX_LINE_BYTES = 65_536
_NONE = "-"


@alone.callback()
def _main() -> None:
    set_up_log("warning")


alone.add_typer(app, name="bounces")


@app.callback(invoke_without_command=True)
def bounces(context: typer.Context) -> None:
    """Take returned mail and read it, or judge some with a verb.

    Without a verb it runs until SIGTERM or Ctrl-C, beside pages and sender on other machines. “mailer serve”
    does it all in one.
    """
    if context.invoked_subcommand is None:
        # What takes mail needs libraries that judging does not.
        from mailer.cli.bounces_run import run_alone

        run_alone(context.obj)


@app.command()
def reply(*, json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False) -> None:
    """Say of each SMTP reply on standard input, one a line, what it means for the reader."""
    for line in _lines(sys.stdin.buffer):
        judged = judged_reply(line)
        if json:
            print_json(judged)
        else:
            say(_row(judged))


@app.command()
def classify(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Messages, or folders of them.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Say of each message that came back what it is, and what it means for whom."""
    # Reading mail needs libraries that judging a line does not.
    from mailer.cli.bounces_classify import judged_mail, messages_at, rows

    for path in messages_at(paths):
        judged = judged_mail(path)
        if json:
            print_json(judged)
        else:
            say(rows(judged))


def judged_reply(line: str) -> dict[str, Any]:
    """Return what ``bounces reply --json`` prints of *line*; null is what the line does not name."""
    answer = parse_reply(line)
    meaning = classify_reply(answer, None)
    status = answer.enhanced
    return {
        "reply": line,
        "reply_code": answer.code or None,
        "status": "{}.{}.{}".format(*status) if status else None,
        "class": str(meaning.reply_class),
        "verdict": str(meaning.verdict),
        "evidence": meaning.shown_evidence if answer.code or meaning.cause is not Cause.UNREADABLE else None,
    }


def _lines(source: BinaryIO) -> Iterator[str]:
    """Yield one line for each in *source*, without its end; what is no UTF-8 becomes U+FFFD."""
    while line := source.readline(_MAX_LINE_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := source.readline(_MAX_LINE_BYTES)):
            pass
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")


def _row(judged: dict[str, Any]) -> str:
    code, status = str(judged["reply_code"] or _NONE), judged["status"] or _NONE
    # On a terminal the line is shown without control characters and addresses.
    shown = mask(judged["reply"], "")
    told = f"{judged['class']:<10}{judged['verdict']:<6}{code:<5}{status:<9}{judged['evidence'] or _NONE}"
    return f"{told}  ← {shown}"
