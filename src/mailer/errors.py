"""Every error this product raises on purpose, in one tree, so that each edge knows what it can meet.

    MailerError            one sentence for a person; exit status 1
    ├── UsageError         the call itself is wrong: an option, a name; exit status 2
    │   └── SettingsError  mailer.toml or the environment says something we can't use
    ├── InputError         a file or form holds what we can't take; carries each Problem with its place
    ├── NotFound           nothing of that name is stored
    ├── InvalidMove        a state does not allow the move
    ├── KeysError          keys are missing, damaged or of another installation
    ├── StorageError       the database or the disk said no; it may be tried again
    │   └── StorageBroken  the disk failed under a write: this process must end
    └── RenderingError     a template or text could not be made into a message

What a mail server refuses is no error but an Outcome (domain/outcome.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class MailerError(Exception):
    """Something a person must hear about; the message is one sentence that says what to do."""

    exit_status = 1


class UsageError(MailerError):
    """The call itself is wrong: an option or a name."""

    exit_status = 2


class SettingsError(UsageError):
    """mailer.toml or the environment says something we can't use."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in something a person wrote.

    Attributes:
        place: the file or field, as the person knows it ("2026-W47/russia.be.md").
        line: line number from 1, or None where there is none.
        message: what is wrong and what to write instead, without the place.
    """

    place: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.place if self.line is None else f"{self.place}, line {self.line}"
        return f"{where}: {self.message}"


class InputError(MailerError):
    """A file or form holds what we can't take.

    Attributes:
        problems: at least one, in the order they were met.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, place: str, line: int | None, message: str) -> InputError:
        """Make an error with a single problem."""
        return cls([Problem(place, line, message)])


class NotFound(MailerError):  # noqa: N818 - reads as what it is where it is caught
    """Nothing of that name is stored."""


class InvalidMove(MailerError):  # noqa: N818 - named in the project's style guide
    """A state does not allow the move that was asked for."""


class KeysError(MailerError):
    """Keys are missing, damaged or of another installation: nothing may be read or sent."""


class StorageError(MailerError):
    """The database or the disk said no; nothing was half-done."""


class StorageBroken(StorageError):  # noqa: N818 - reads as what it is where it is caught
    """The disk failed under a write, or was given up; this process must end and may write no more.

    Whoever tries writes again lets this one through. The next start recovers as after kill -9.
    """


class RenderingError(MailerError):
    """A template or a text could not be made into a message; nothing was sent."""
