"""What the demonstration reports, and what must hold in it: as one JSON object, and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailer.cli.output import books_json, books_table
from mailer.cli.returns_output import returns_json, returns_table
from mailer.domain.books import Books
from mailer.domain.consequence import Effect
from mailer.domain.language import Language
from mailer.domain.reply_class import ReplyClass
from mailer.domain.returned_mail import MailKind
from mailer.domain.returns import GroupReturns, in_all
from mailer.storage.consequences import Count

_NOT_THE_READER = frozenset({ReplyClass.POLICY, ReplyClass.MESSAGE})


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the issue.

    Attributes:
        books: of every language of the newsletter, in its order.
        returns: what came back, by language and provider group.
        sent_back_count: how many mails the far side sent back, by its own account.
        blamed_count: readers who were given up, though nobody said that their mailbox is gone.
        mail_count: how many mails the provider took, of all sorts.
        seconds: from the first sign-up to the last mail.
    """

    newsletter: str
    week: str
    books: Mapping[Language, Books]
    returns: Sequence[GroupReturns]
    sent_back_count: int
    blamed_count: int
    mail_count: int
    seconds: float

    @property
    def fault(self) -> str | None:
        """What does not hold, in a sentence; None where everything does."""
        if not books_json(self.books)["books_balance"]:
            return "the books do not balance: some copy is counted twice or not at all"
        if self.blamed_count:
            return f"readers blamed for what others did: {self.blamed_count}; this must never be: report it"
        told_of = self._told_of_count
        if told_of != self.sent_back_count:
            return f"the report tells of {told_of} mails that came back, and {self.sent_back_count} did"
        return None

    @property
    def _told_of_count(self) -> int:
        total = in_all(self.returns)
        return total.came_back_later + total.complaints + total.auto_replies

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "newsletter": self.newsletter,
            "week": self.week,
            **books_json(self.books),
            **returns_json(self.returns),
            "sent_back": self.sent_back_count,
            "blamed_wrongly": self.blamed_count,
            "seconds": round(self.seconds, 3),
        }

    def in_words(self) -> str:
        """Return it for people."""
        total = sum(self.books.values(), Books())
        lines = [
            f"\n{self.newsletter} {self.week}: every copy accounted for\n",
            books_table(self.books),
            f"\n{'The books balance.' if total.balance else 'THE BOOKS DO NOT BALANCE.'}",
        ]
        # Made-up readers: no figure points at anybody.
        if table := returns_table(self.returns, exact=True):
            lines += [f"\n{table}", "\nNobody is blamed for what others did." if self.fault is None else ""]
        lines += [f"THIS IS WRONG: {self.fault}"] if self.fault else []
        lines.append(f"It took {self.seconds:.1f} s for {self.mail_count} mails over a real socket.")
        return "\n".join(lines)


def blamed(counts: Sequence[Count]) -> int:
    """
    Return how many readers one issue gave up wrongly, or counted something against wrongly.

    Only who is said to have no mailbox, and who complains, is given up by a single issue; and what refuses
    us or our mail counts against nobody.
    """
    return sum(each.readers for each in counts if _is_wrong(each))


def _is_wrong(count: Count) -> bool:
    if count.effect is Effect.NONE or count.kind is MailKind.COMPLAINT:
        return False
    if count.kind is not MailKind.BOUNCE or count.reply_class in _NOT_THE_READER:
        return True
    return count.effect is not Effect.STRIKE and count.reply_class is not ReplyClass.INVALID
