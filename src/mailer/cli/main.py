"""How the command line starts and ends: every refusal is one sentence on standard error, status 1 or 2.

The verbs are in verbs.py and are imported late, so that Ctrl-C in the first second ends in silence too.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence

from typer import Abort
from typer.exceptions import TyperException

from mailer.errors import MailerError, StorageError, UsageError

_INTERRUPTED = 130
_INVALID = re.compile(r"Invalid value for '?([^']*)'?: (?:Input should be|Value error,)?\s*(.*)", re.DOTALL)
_NEAREST = re.compile(r"\. Did you mean (.*)\?$")
_ADDRESS = re.compile(r"[^\s'\"“”]+@[^\s'\"“”]+")
_PLAIN_WORDS = {
    "a valid integer, unable to parse string as an integer": "write a whole number",
    "greater than or equal to": "write a number that is at least",
    "less than or equal to": "write a number that is at most",
}


def run() -> None:
    """Run the command line and end the program with its status."""
    sys.exit(_status(sys.argv[1:]))


def _status(arguments: Sequence[str]) -> int:
    """Do what *arguments* say; return 0, or 1 or 2 after one sentence on standard error."""
    if sys.stdin is None:
        # Closed by whoever started us: then nobody answers, and no file of ours takes its place.
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - open until the end
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Cyrillic must not end a command that has done its work.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        _refuse_broken_letters(arguments)
        status = _app(arguments)(arguments, prog_name="mailer", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output left (| head): nobody is there to be told.
        _forget_output()
        return 1
    except Abort:
        return _say(MailerError("nobody answered, so nothing was done; add --yes to be asked nothing"))
    except TyperException as error:
        return _say_usage(error)
    except (MailerError, OSError, BaseExceptionGroup) as error:
        return _say(_refusal(error))
    return status if isinstance(status, int) else 0


def _app(arguments: Sequence[str]) -> Callable[..., object]:
    """Return what reads *arguments*."""
    if arguments[:1] == ["bench"]:
        # What it measures is a sender: the libraries of the pages would count as its memory.
        from mailer.cli.bench import alone

        return alone
    if list(arguments[:2]) in (["bounces", "reply"], ["bounces", "classify"]):
        # Started for every line or message by some scripts: it must be quick.
        from mailer.cli.bounces import alone

        return alone
    from mailer.cli.verbs import app

    return app


def _refuse_broken_letters(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode("utf-8", "backslashreplace").decode()
            raise UsageError(f"“{shown}” is not UTF-8; type it again, or rename the file") from None


def _refusal(error: BaseException) -> MailerError:
    """Return the sentence for a person.

    Raises:
        BaseException: *error* itself, when there is none in it: a fault of ours, to be seen whole.
    """
    leaves = list(_leaves(error))
    for leaf in leaves:
        if isinstance(leaf, MailerError):
            return leaf
    for leaf in leaves:
        if isinstance(leaf, OSError):
            return _of_the_system(leaf)
    raise error


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _of_the_system(error: OSError) -> MailerError:
    if error.filename is None:
        _forget_output()
        return StorageError(
            f"what this command prints can't be written ({error.strerror}); make room, or send it elsewhere"
        )
    return StorageError(
        f"{os.fsdecode(error.filename)} can't be used ({error.strerror}); check whose it is, "
        "and that the disk has room and is not read-only"
    )


def _forget_output() -> None:
    """Let the end of the program write what is left of the output to nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(error: MailerError) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"mailer: {error}\n")
        sys.stderr.flush()
    return error.exit_status


def _say_usage(error: TyperException) -> int:
    said = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if said.startswith("Usage:"):
        # A verb group without a verb: its help is the answer.
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{said}\n")
        return UsageError.exit_status
    match = _INVALID.fullmatch(said)
    said = f"{match[1]}: {match[2]}" if match else said[:1].lower() + said[1:]
    for theirs, ours in _PLAIN_WORDS.items():
        said = said.replace(theirs, ours)
    said = _NEAREST.sub(r" (did you mean \1?)", said)
    # What a scheduled command says ends in mails and logs; a forgotten verb makes an address the mistake.
    said = _ADDRESS.sub("‹…›", said)
    remedy = (
        f"“{context.command_path} --help” lists what it takes" if context else "write it behind the option"
    )
    return _say(UsageError(f"{said}; {remedy}"))
