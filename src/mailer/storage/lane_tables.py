"""Tables of what limits speed and what stands still; the others are in tables.py."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table

from mailer.domain.outcome import Stage
from mailer.storage.columns import UtcTime, WordOf
from mailer.storage.tables import metadata

lane = Table(
    "lane",
    metadata,
    Column("name", String, primary_key=True),  # the relay's host
    Column("tokens", Float, nullable=False),  # messages that may go at once (domain/bucket.py)
    Column("filled_at", UtcTime, nullable=False),  # when that was true
    Column("waits_until", UtcTime),  # the day's messages are used up until then
)

lane_use = Table(
    "lane_use",
    metadata,
    Column("lane", ForeignKey("lane.name"), primary_key=True),
    Column("began_at", UtcTime, primary_key=True),  # of domain.bucket.SLOT
    Column("taken", Integer, nullable=False),  # messages
)

halt = Table(
    "halt",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), primary_key=True),
    Column("provider_group", String, primary_key=True),  # empty: the whole issue
    Column("stage", WordOf(Stage), nullable=False),
    Column("reply", String, nullable=False),  # masked; the last of those that tripped the breaker
    Column("at", UtcTime, nullable=False),
)
