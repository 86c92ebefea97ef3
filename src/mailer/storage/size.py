"""How much room the database takes: what an issue costs is told in bytes per copy."""

from __future__ import annotations

from sqlalchemy import text

from mailer.storage.database import Transaction


def size_bytes(tx: Transaction) -> int:
    """Return the bytes that all tables and indexes take, without pages that are free for reuse."""
    if tx.dialect.name == "postgresql":
        return int(tx.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages, free, page_bytes = (
        int(tx.execute(text(f"PRAGMA {name}")).scalar_one())
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page_bytes
