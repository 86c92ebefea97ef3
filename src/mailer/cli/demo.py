"""stub while the rest is wired."""

from __future__ import annotations


def demo() -> None:
    """Run the whole cycle on sample data."""
