"""What every verb starts from: which settings, and a way into an open installation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mailer.config import load_settings
from mailer.installation import Installation, open_installation

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """The options before the verb.

    Attributes:
        settings: --settings; None looks where config.load_settings says.
        log: --log; None leaves the level to the verb.
    """

    settings: Path | None
    log: str | None = None

    def run(self, work: Callable[[Installation], Awaitable[T]]) -> T:
        """Open the installation, do *work* in it and return what it returned.

        Raises:
            MailerError: whatever keeps it from being opened, or *work* from being done.
        """

        async def inside() -> T:
            async with open_installation(load_settings(self.settings)) as installation:
                return await work(installation)

        return asyncio.run(inside())
