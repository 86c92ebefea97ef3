"""Tables of what readers and their lists come with for a while; the others are in tables.py."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from mailer.storage.columns import UtcTime
from mailer.storage.tables import metadata

reader_link = Table(
    "reader_link",
    metadata,
    Column("link_hash", LargeBinary(32), primary_key=True),  # SHA-256 of what the mailed link holds
    Column("reader_id", ForeignKey("reader.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", String, nullable=False),
    Column("seal_id", LargeBinary(12)),  # associated data of the seal
    Column("sealed", LargeBinary),  # what the link is about, such as a new address
    Column("valid_until", UtcTime, nullable=False),
    Index("reader_link_by_reader_id", "reader_id"),
)

spent_proof = Table(
    "spent_proof",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # of a solved challenge that was used
    Column("until", UtcTime, nullable=False),  # when the challenge expires by itself
)

import_run = Table(
    "import_run",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the file and how it was read
    Column("done_count", Integer, nullable=False),  # lines that are in; a second run goes on there
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)
