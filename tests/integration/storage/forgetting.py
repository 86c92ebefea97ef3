"""What outlived its time goes, as a round of a running node has it go."""

from __future__ import annotations

from datetime import datetime

from mailer.audience import retention
from tests.integration.storage.scene import Store


def forget(store: Store, now: datetime) -> int:
    """Do what a round does at *now*; return how many rows went."""
    return sum(store.run(retention.forget(store.database, now=now)).values())
