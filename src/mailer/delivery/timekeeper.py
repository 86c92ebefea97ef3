"""Hears the bell and fires every newsletter; says once what keeps one from it, and goes on.

It fires nothing while the machine's clock is known to be wrong: an issue that leaves at the wrong
time can't be called back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from mailer.delivery.firing import Happened, fire
from mailer.delivery.release import Terms
from mailer.domain.newsletter import Newsletter
from mailer.domain.timetable import next_fires
from mailer.editorial.schedule_times import zone_of
from mailer.errors import MailerError
from mailer.storage import Database, Transaction, firings, installation, newsletters

_FAR_OFF = timedelta(days=1)
_ITSELF = ""
"""Whose trouble it is when it is no newsletter's."""
_log = structlog.get_logger()


async def clock_problem(database: Database, now: datetime) -> str | None:
    """Say that the machine's clock is more than a day behind what this installation has seen, or None."""

    def newest(tx: Transaction) -> datetime | None:
        # counted_at is never older than a release, and a person can correct it; releases only stand in
        # for it in an installation that never counted.
        found = installation.find(tx)
        return found.counted_at if found is not None else firings.newest_release(tx)

    seen_at = await database.read(newest)
    if seen_at is None or now >= seen_at - _FAR_OFF:
        return None
    return (
        f"this machine’s clock is more than a day behind {seen_at:%Y-%m-%d %H:%M} UTC, when this "
        "installation was at work, so nothing is built or released by itself; set the clock right or, "
        "if it is right, run “mailer sending allow”"
    )


class Timekeeper:
    """What the bell calls."""

    def __init__(
        self,
        database: Database,
        terms: Callable[[datetime], Terms],
        *,
        clock: Callable[[], datetime],
        released: Callable[[], None],
    ) -> None:
        """
        Get ready; nothing is fired yet.

        Args:
            database: of the installation.
            terms: makes the terms of a release at a time.
            clock: aware UTC.
            released: called after a release, so that it is sent at once.
        """
        self._database = database
        self._terms = terms
        self._clock = clock
        self._released = released
        self._troubles: dict[str, str] = {}

    async def ring(self) -> datetime | None:
        """Fire every newsletter; return when the next one is due, or None when nobody knows."""
        now = self._clock().replace(microsecond=0)
        try:
            problem = await clock_problem(self._database, now)
            found = [] if problem else await self._database.read(newsletters.everything)
        except MailerError as error:
            problem, found = str(error), []
        self._note(_ITSELF, problem)
        nexts = [await self._fire(newsletter, now) for newsletter in found]
        return min((each for each in nexts if each is not None), default=None)

    async def _fire(self, newsletter: Newsletter, now: datetime) -> datetime | None:
        try:
            fired = await fire(self._database, newsletter, self._terms(now))
            next_at = next_fires(newsletter.schedule, zone_of(newsletter), now)[0].at
        except Exception as error:  # noqa: BLE001 - the top of the loop: one newsletter must not stop another
            self._note(newsletter.slug, str(error) if isinstance(error, MailerError) else repr(type(error)))
            return None
        self._note(newsletter.slug, None)
        if any(each.happened is Happened.RELEASED for each in fired):
            self._released()
        return next_at

    def _note(self, whose: str, trouble: str | None) -> None:
        """Log a trouble when it begins or changes, not at each ring."""
        if trouble is not None and self._troubles.get(whose) != trouble:
            _log.error("clock.nothing_fired", newsletter=whose or None, reason=trouble)
        if trouble is None:
            self._troubles.pop(whose, None)
        else:
            self._troubles[whose] = trouble
