"""The books: every copy accounted for, at every moment (design §1)."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Books:
    """How many copies stand where.

    Attributes:
        audience: readers who were confirmed when the issue was frozen.
        accepted: taken by the mail provider.
        failed: refused for good.
        skipped: left out.
        unknown: not certain, may have arrived.
        pending: queued, in flight or deferred.
        deferred_attempts: tries that ended in "not now", also of copies accepted later.
        unsubscribed: readers who left by a link of this issue.
    """

    audience: int = 0
    accepted: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    pending: int = 0
    deferred_attempts: int = 0
    unsubscribed: int = 0

    @property
    def balance(self) -> bool:
        """Whether every copy of the audience stands somewhere, and only once."""
        return self.audience == self.accepted + self.failed + self.skipped + self.unknown + self.pending

    def __add__(self, other: Books) -> Books:
        return Books(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Books)))
