"""``mailer bench``: how fast this machine sends, by the way that every issue takes."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from uvloop import new_event_loop

from mailer.cli.bench_house import house
from mailer.cli.bench_machine import file_system, is_in_memory, peak_rss_bytes, syncs_per_s
from mailer.cli.bench_run import Run, check_reachable, measure
from mailer.cli.output import print_json, say
from mailer.config import RelaySettings
from mailer.errors import MailerError, UsageError
from mailer.log import set_up_log

_TELL_S = 1.0
# A relay closes a connection when it likes; we do not.
_NO_END = 1_000_000_000

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)


alone = typer.Typer(
    name="mailer", add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
"""The command line with no other verb: none of their libraries is loaded."""


@alone.callback()
def _main() -> None:
    set_up_log("warning")


@app.callback()
def _group() -> None:
    """Keep ``send`` a verb of its own while it is the only one."""


alone.add_typer(app, name="bench")


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be measured."""

    relay: RelaySettings
    readers: int
    size: int
    database_url: str | None
    signed: bool


@app.command()
def send(
    relay: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="The mail server to send to; it keeps no mail.")
    ],
    readers: Annotated[
        int, typer.Option(min=1, max=10_000_000, metavar="NUMBER", help="How many copies.")
    ] = 20_000,
    connections: Annotated[
        int, typer.Option(min=1, max=200, metavar="NUMBER", help="How many connections at once.")
    ] = 32,
    size: Annotated[int, typer.Option(metavar="BYTES", help="Of one message, without a signature.")] = 40_000,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An empty PostgreSQL database; else SQLite in a new folder."),
    ] = None,
    *,
    dkim: Annotated[bool, typer.Option("--dkim", help="Sign every copy, by RSA-2048.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder and what is in it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Send an issue to a mail server as fast as it goes, and print what that took.

    A new folder in the working directory gets keys, database, newsletter and readers of its own, and is
    removed afterwards. The issue is released and sent the way that every issue is. Let it send to a
    server that throws mail away, such as smtp-sink.
    """
    order = _Order(_relay(relay, connections), readers, size, _postgresql(database), dkim)
    # Both signals end in the same way, wherever they meet us: the folder goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _folder(Path.cwd(), keep=keep) as folder, asyncio.Runner(loop_factory=new_event_loop) as runner:
            figures = runner.run(_send(order, folder))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    if json:
        print_json(figures)
    else:
        for name, figure in figures.items():
            say(f"{name:<28}{figure}")
    _check(figures)


async def _send(order: _Order, folder: Path) -> dict[str, Any]:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await check_reachable(order.relay)
    teller = _Teller(order.readers)
    syncs = syncs_per_s(folder)
    async with house(folder, order.database_url, signed=order.signed) as here:
        began = time.perf_counter()
        issue_id = await here.furnish(order.readers, order.size, lambda done: teller.tell("seed", done))
        seed_s = time.perf_counter() - began
        run = await measure(here, issue_id, order.relay, teller.tell)
    return {
        "readers": order.readers,
        "connections": order.relay.connections,
        "size": run.message_bytes,
        "dkim": order.signed,
        "database": "postgresql" if order.database_url else "sqlite",
        "file_system": file_system(folder),
        "fdatasync_per_s": round(syncs),
        "seed_s": round(seed_s, 3),
        **_figures(run),
    }


def _figures(run: Run) -> dict[str, Any]:
    done = max(run.progress[-1].done, 1)
    return {
        "freeze_s": round(run.freeze_s, 3),
        "longest_lock_ms": round(run.longest_lock_s * 1000, 1),
        "send_s": round(run.seconds, 3),
        "messages_per_s": round(run.rate(), 1),
        "rate_first_tenth": round(run.rate(0.0, 0.1), 1),
        "rate_last_tenth": round(run.rate(0.9, 1.0), 1),
        "cpu_us_per_message": round(run.cpu_s / done * 1_000_000, 1),
        "peak_rss_mb": round(peak_rss_bytes() / 1_000_000, 1),
        "commits": run.commits,
        "accepted": run.books.accepted,
        "failed": run.books.failed,
        "deferred": run.books.pending,
        "unknown": run.books.unknown,
        "books_balance": run.balance,
        "database_bytes_per_delivery": round(run.database_bytes / max(run.books.audience, 1), 1),
    }


def _check(figures: dict[str, Any]) -> None:
    if not figures["books_balance"]:
        raise MailerError("the books do not balance: some copy is counted twice or not at all")
    if figures["deferred"]:
        raise MailerError(
            f"the mail server took no more: {figures['deferred']} copies were not sent; look into its log"
        )


def _relay(written: str, connections: int) -> RelaySettings:
    host, _, port = written.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:  # noqa: PLR2004 - the largest port
        raise UsageError(f"--relay: “{written}” is not HOST:PORT; write it as 127.0.0.1:2525")
    tls: Literal["none", "starttls"] = "none" if _is_here(host) else "starttls"
    try:
        return RelaySettings(
            host=host, port=int(port), tls=tls, connections=connections, messages_per_connection=_NO_END
        )
    except ValueError:
        raise UsageError(f"--relay: “{host}” is not the name of a server; write it as 127.0.0.1") from None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _postgresql(url: str | None) -> str | None:
    if url is not None and not url.startswith("postgresql"):
        raise UsageError("--database: write postgresql+asyncpg://user@host/name, or leave it out for SQLite")
    return url


@contextmanager
def _folder(beside: Path, *, keep: bool) -> Iterator[Path]:
    """Yield a new folder on a disk."""
    kind = file_system(beside)
    if is_in_memory(kind):
        raise UsageError(
            f"{beside} is in memory ({kind}), where nothing is durable and every figure is too good; "
            "go to a folder on a disk"
        )
    folder = Path(tempfile.mkdtemp(prefix="mailer-bench-", dir=beside))
    try:
        yield folder
    finally:
        if keep:
            typer.echo(f"Kept: {folder}", err=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


class _Teller:
    """Says on standard error what goes on, once a second."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._said = ("", 0.0)

    def tell(self, what: str, done: int) -> None:
        """Say that *done* of all readers are seeded or sent to."""
        step, at = self._said
        now = time.monotonic()
        if what != step or now - at >= _TELL_S:
            self._said = (what, now)
            typer.echo(f"{what}: {done} of {self._total}", err=True)
