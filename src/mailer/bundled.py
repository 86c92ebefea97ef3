"""Where templates and migrations lie: inside the wheel, else at the top of the repository."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the folder *name* (``templates/email``, ``migrations``).

    A wheel carries both under ``mailer/_bundled``; an editable install has them two levels up,
    where people look for them.
    """
    inside = _PACKAGE / "_bundled"
    return (inside if inside.is_dir() else _PACKAGE.parents[1]) / name
