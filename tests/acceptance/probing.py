"""A stranger with a clock who signs up other people's addresses, to learn from the answers who reads us."""

from __future__ import annotations

import asyncio
import http.client
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlencode, urlsplit

import uvloop

from mailer.audience.deciding import Deciding, Judging
from mailer.audience.flood import Flood
from mailer.domain.flood import FloodLimits
from mailer.web.app import create_app
from mailer.web.server import listen, serving
from tests.integration.web.staging import FORM, SLUG, Stage, build, standing

STATES = ("never", "pending", "active", "left", "bounced")
"""What an address can be to us; “never” is another one each time."""

_WARM_UP = 20
_SEED = 7
_SHUFFLED = 5
"""Rounds of all states that are shuffled together."""


@dataclass
class Answers:
    """What a stranger learns.

    Attributes:
        seen: every different answer, as (status, headers but Date, body), by state.
        taken_s: how long each took, by state, in order.
    """

    seen: dict[str, set[tuple[int, str, bytes]]] = field(default_factory=dict)
    taken_s: dict[str, list[float]] = field(default_factory=dict)

    @property
    def medians_ms(self) -> dict[str, float]:
        """The middle time of each state."""
        return {state: 1000 * median(taken) for state, taken in self.taken_s.items()}

    @property
    def spread_ms(self) -> float:
        """How far the slowest state lies above the quickest."""
        return max(self.medians_ms.values()) - min(self.medians_ms.values())

    @property
    def spread(self) -> float:
        """The same as a share of the quickest."""
        return self.spread_ms / min(self.medians_ms.values())

    def __str__(self) -> str:
        """Return the figures in a line."""
        each = ", ".join(f"{state} {taken:.3f} ms" for state, taken in self.medians_ms.items())
        return f"medians: {each}; apart {self.spread_ms:.3f} ms, {100 * self.spread:.1f} %"


def probe(site: str, rounds: int) -> Answers:
    """Sign up addresses of all states, in an order in which each follows each as often as any other.

    Args:
        site: the address of a site with readers of each state.
        rounds: how often each state.

    Were a decision set off by its sign-up, it would slow the next answer down; in rounds of all five, no
    state would ever follow itself, and so the one whose decision takes longest would look quick. So the
    order is one of chance, but within each few rounds: a machine that others slow down for a while slows
    each state down as often.
    """
    answers, chance = Answers(), random.Random(_SEED)
    order: list[tuple[str, int]] = []
    for start in range(0, rounds, _SHUFFLED):
        numbers = range(start, min(start + _SHUFFLED, rounds))
        some = [(state, number) for state in STATES for number in numbers]
        chance.shuffle(some)
        order += some
    warm_up = [(state, -number) for state in STATES for number in range(1, _WARM_UP + 1)]
    address = urlsplit(site)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)) as stranger:
        for state, number in [*warm_up, *order]:
            began = time.perf_counter()
            seen = _sign_up(stranger, state, number)
            taken = time.perf_counter() - began
            answers.seen.setdefault(state, set()).add(seen)
            if number >= 0:
                answers.taken_s.setdefault(state, []).append(taken)
    return answers


@contextmanager
def probed_site(folder: Path) -> Iterator[str]:
    """Serve a site with a reader of each state that decides sign-ups while it answers; yield its address."""
    started, stop = threading.Event(), threading.Event()
    url: list[str] = []

    async def serve() -> None:
        on = listen("127.0.0.1", 0)
        url.append(f"http://127.0.0.1:{on.getsockname()[1]}")
        async with standing(folder, base=url[0]) as stage:
            await _furnish(stage)
            # A stranger's speed must tell nothing where no limit hides it.
            judging = Judging(stage.site.vault, Flood(FloodLimits(None, None, None)))
            deciding = Deciding(stage.site.database, judging, clock=stage.clock, decided=lambda: None)
            decided = asyncio.create_task(deciding.run())
            async with serving(create_app(stage.site), on):
                started.set()
                await asyncio.to_thread(stop.wait)
            decided.cancel()

    def work() -> None:
        build(folder)
        # As in earnest (cli/serve.py): asyncio's own loop lets small answers wait for a receipt.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert started.wait(30), "the site does not start"
        yield url[0]
    finally:
        stop.set()
        thread.join(30)


async def _furnish(stage: Stage) -> None:
    for state in ("active", "left", "bounced"):
        await stage.subscribe(_address(state, 0))
        if state == "left":
            await stage.client.post(f"/u/{stage.token()}")
        if state == "bounced":
            with closing(sqlite3.connect(stage.folder / "mailer.db")) as database, database:
                newest = "reader_id = (SELECT max(id) FROM reader)"
                database.execute(f"UPDATE subscription SET standing = 'bounced' WHERE {newest}")
    await stage.sign_up(_address("pending", 0))
    await stage.decide()


def _address(state: str, number: int) -> str:
    """Return an address of a state; all are of one length, so that the length tells nothing."""
    return f"{state:x<8}{number if state == 'never' else 0:+07d}@example.org"


def _sign_up(stranger: http.client.HTTPConnection, state: str, number: int) -> tuple[int, str, bytes]:
    fields = {"newsletter": SLUG, "address": _address(state, number), "language": "en", "missing": ""}
    stranger.request("POST", "/en/subscribe", urlencode(fields), {"Content-Type": FORM})
    answer = stranger.getresponse()
    headers = [pair for pair in answer.getheaders() if pair[0].lower() != "date"]
    return answer.status, repr(headers), answer.read()
