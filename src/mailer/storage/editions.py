"""Editions: frozen renderings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from mailer.domain.language import Language
from mailer.storage.database import Transaction
from mailer.storage.tables import edition as table

DISCREET = "discreet "
"""Stands before the plan of an edition for discreet readers: text only, never shown on a page."""


@dataclass(frozen=True, slots=True)
class StoredEdition:
    """One frozen rendering.

    Attributes:
        plan: domain.plan.Plan.key, after DISCREET for discreet readers.
        html, text: holes open; for the web page and for operators. A discreet one has no HTML.
        skeleton: packed; empty for a plan without a single text, of which no copy is sent.
        digest: SHA-256 of the skeleton, 32 bytes.
    """

    issue_id: int
    plan: str
    language: Language
    subject: str
    html: str
    text: str
    skeleton: bytes
    digest: bytes


def add(tx: Transaction, edition: StoredEdition) -> int:
    """Store *edition*; return its number."""
    values = {name: getattr(edition, name) for name in StoredEdition.__slots__}
    return int(tx.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def of_issue(tx: Transaction, issue_id: int) -> dict[int, StoredEdition]:
    """Return an issue's editions by number."""
    rows = tx.execute(select(table).where(table.c.issue_id == issue_id).order_by(table.c.id)).mappings()
    return {row["id"]: StoredEdition(**{name: row[name] for name in StoredEdition.__slots__}) for row in rows}


def skeleton(tx: Transaction, edition_id: int) -> bytes:
    """Return an edition's packed skeleton."""
    return bytes(tx.execute(select(table.c.skeleton).where(table.c.id == edition_id)).scalar_one())
