"""The tables of docs/mail-features.md, so that what the page says is what the examiners find."""

from __future__ import annotations

from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "mail-features.md"


def table(first_column: str) -> dict[str, list[str]]:
    """Return the table whose first column has this heading: the name in each row to its other cells.

    Names stand in backquotes; a row is ``| `no-inline-style` | why … |``.
    """
    lines = iter(_PAGE.read_text("utf-8").splitlines())
    next(line for line in lines if line.startswith(f"| {first_column} |"))
    next(lines)
    rows: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line[1:].rstrip().removesuffix("|").split("|"))
        rows[name.strip("`")] = cells
    return rows
