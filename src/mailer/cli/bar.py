"""A progress bar on standard error, where a person sees it; scripts and logs get none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mailer.audience.moving.sorting import Tell


@contextmanager
def bar() -> Iterator[Tell]:
    """Yield what moves the bar: told what is done, how much of it, and of how much."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, int] = {}

        def tell(doing: str, done: int, whole: int | None) -> None:
            if doing not in tasks:
                tasks[doing] = progress.add_task(doing, total=whole)
            progress.update(tasks[doing], completed=done, total=whole)  # type: ignore[arg-type]

        yield tell
