"""Operators, who log in to the desk, and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from mailer.storage.database import Transaction
from mailer.storage.desk_tables import desk_session as sessions
from mailer.storage.desk_tables import operator as table


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who logs in to the desk.

    Attributes:
        password_hash: argon2id.
        failures: wrong passwords in a row.
        locked_until: no try counts before this; None when the last one was right.
    """

    id: int
    name: str
    password_hash: str
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts.

    Attributes:
        token_hash: SHA-256 of the cookie's value, 32 bytes.
        form_token: must come back with every form.
    """

    token_hash: bytes
    operator_id: int
    form_token: str
    began_at: datetime
    expires_at: datetime


def count(tx: Transaction) -> int:
    """Return how many operators there are."""
    return tx.scalar(select(func.count()).select_from(table)) or 0


def save(tx: Transaction, name: str, password_hash: str) -> None:
    """Store an operator, or a new password of one; sessions with the old password end."""
    known = by_name(tx, name)
    if known is None:
        tx.execute(insert(table).values(name=name, password_hash=password_hash, failures=0))
        return
    tx.execute(
        update(table)
        .where(table.c.id == known.id)
        .values(password_hash=password_hash, failures=0, locked_until=None)
    )
    tx.execute(delete(sessions).where(sessions.c.operator_id == known.id))


def by_name(tx: Transaction, name: str) -> Operator | None:
    """Return the operator of that name, or None."""
    row = tx.execute(select(table).where(table.c.name == name)).one_or_none()
    return Operator(*row) if row is not None else None


def name_of(tx: Transaction, operator_id: int) -> str:
    """Return the name of the operator whom a session names."""
    name: str = tx.execute(select(table.c.name).where(table.c.id == operator_id)).scalar_one()
    return name


def note_try(tx: Transaction, operator_id: int, *, failures: int, locked_until: datetime | None) -> None:
    """Store the count of wrong passwords in a row, and until when none counts."""
    tx.execute(
        update(table).where(table.c.id == operator_id).values(failures=failures, locked_until=locked_until)
    )


def begin_session(tx: Transaction, session: Session) -> None:
    """Store a login; those that have expired go."""
    tx.execute(delete(sessions).where(sessions.c.expires_at <= session.began_at))
    tx.execute(insert(sessions).values({name: getattr(session, name) for name in Session.__slots__}))


def session(tx: Transaction, token_hash: bytes, now: datetime) -> Session | None:
    """Return the session with that cookie, unless it has expired."""
    live = (sessions.c.token_hash == token_hash) & (sessions.c.expires_at > now)
    row = tx.execute(select(sessions).where(live)).one_or_none()
    return Session(*row) if row is not None else None


def end_session(tx: Transaction, token_hash: bytes) -> None:
    """Log out."""
    tx.execute(delete(sessions).where(sessions.c.token_hash == token_hash))
