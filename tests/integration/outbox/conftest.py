"""The event loops on which the relay must behave alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from tests.integration.outbox.standing import LOOPS, Run


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Run a scene on each of the two event loops the relay lives on."""

    async def whole(scene: Awaitable[None]) -> None:
        async with asyncio.timeout(20):
            await scene

    def play(scene: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(whole(scene))

    return play
