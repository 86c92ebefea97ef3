"""Nodes: running processes that write or send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select, update

from mailer.storage.database import Transaction
from mailer.storage.tables import chunk, issue, letter
from mailer.storage.tables import node as table


@dataclass(frozen=True, slots=True)
class Node:
    """One running process.

    Attributes:
        id: random; also the name of its lock file beside the data.
        host: for people; never used to decide anything.
    """

    id: str
    host: str
    started_at: datetime
    heartbeat_at: datetime


def database_time(tx: Transaction) -> datetime:
    """Return the database's own time where it has one: clocks of two machines never agree."""
    if tx.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


def owners(tx: Transaction) -> set[str]:
    """Return the id of every node that holds a chunk, a letter or a release."""
    columns = (chunk.c.owner, letter.c.owner, issue.c.releasing_node)
    return {owner for column in columns for owner in tx.scalars(select(column).distinct()) if owner}


def add(tx: Transaction, node: Node) -> None:
    """Register a process."""
    tx.execute(
        insert(table).values(
            id=node.id, host=node.host, started_at=node.started_at, heartbeat_at=node.heartbeat_at
        )
    )


def beat(tx: Transaction, node_id: str, now: datetime) -> None:
    """Say that a process is alive."""
    tx.execute(update(table).where(table.c.id == node_id).values(heartbeat_at=now))


def remove(tx: Transaction, node_id: str) -> None:
    """Take a process that ended, and holds nothing any more, off the list."""
    tx.execute(delete(table).where(table.c.id == node_id))


def everyone(tx: Transaction) -> list[Node]:
    """Return every registered process, oldest first."""
    rows = tx.execute(select(table).order_by(table.c.started_at)).mappings()
    return [Node(row["id"], row["host"], row["started_at"], row["heartbeat_at"]) for row in rows]
