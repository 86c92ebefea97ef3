"""How hypothesis runs here: an example may take its time, for a busy machine says nothing about our code."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
