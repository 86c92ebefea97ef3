"""What the desk and the forms say while sign-ups flood in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx

from mailer.audience import defence
from mailer.audience.deciding import decide_waiting
from mailer.config import settings_of_our_own
from mailer.config_signup import SignUpSettings
from mailer.web.app import create_app
from tests.integration.web.staging import BASE, Stage, standing

LIMITS = SignUpSettings(attack_at=5, mails_per_hour_to_domain=2, suspects_wait_seconds=0, proof_cost=100)


@asynccontextmanager
async def guarded(place: Path, **limits: float) -> AsyncIterator[Stage]:
    """Open the site with the defence that the service has."""
    async with standing(place) as stage:
        settings = settings_of_our_own(signup=LIMITS.model_copy(update=limits))
        stage.site = replace(
            stage.site, defence=defence.set_up(settings, stage.site.link_keys, stage.site.vault)
        )
        transport = httpx.ASGITransport(create_app(stage.site))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            stage.client = client
            await stage.log_in()
            yield stage


async def decide(stage: Stage) -> None:
    """Do what the sending process does, under the same limits."""
    assert stage.site.defence is not None
    while await decide_waiting(stage.site.database, stage.site.defence.judging, now=stage.clock()):
        pass


def test_the_desk_tells_of_a_flood(place: Path) -> None:
    """How many wait and until when, that it is an attack, and how many were dropped after three days."""

    async def scene() -> None:
        async with guarded(place) as stage:
            calm = (await stage.client.get("/desk/")).text
            for number in range(9):
                await stage.sign_up(f"victim{number}@example.net")
            await decide(stage)
            flooded = (await stage.client.get("/desk/")).text
            stage.clock.now += timedelta(hours=73)
            await decide(stage)
            await stage.log_in()
            after = (await stage.client.get("/desk/")).text

        assert "sign-ups wait" not in calm
        assert "flooded in" not in calm
        assert "8 sign-ups wait for a mail to confirm, until Mon 23 Nov, 16:00 (UTC)" in flooded
        assert "Sign-ups have flooded in since Mon 23 Nov, 08:00 (UTC). Nothing has to be done" in flooded
        assert "sign-ups wait" not in after
        assert "sign-ups were dropped since this program started" in after

    asyncio.run(scene())


def test_whoever_asks_for_their_settings_is_looked_at_too(place: Path) -> None:
    """The form carries its time and the field that nobody sees; a program waits, and sees the same page."""

    async def scene() -> None:
        async with guarded(place, suspects_wait_seconds=5) as stage:
            form = (await stage.client.get("/en/manage")).text
            shown = re.search(r'name="shown" value="([^"]+)"', form)
            assert shown is not None
            stage.clock.now += timedelta(seconds=3)
            filled = {"address": "reader@example.org", "shown": shown[1]}
            usual = await stage.client.post("/en/manage", data={**filled, "website": ""})
            baited = await stage.client.post("/en/manage", data={**filled, "website": "https://example.net"})
            await decide(stage)
            assert stage.rows("SELECT count(*) FROM signup_request") == [(1,)]

        assert 'name="website"' in form
        assert (usual.status_code, usual.text) == (200, baited.text)

    asyncio.run(scene())


def test_a_form_carries_work_in_an_attack_alone(place: Path) -> None:
    """Only then may its page run a script, of our own host; the answer to a sign-up never does."""

    async def scene() -> None:
        async with guarded(place) as stage:
            calm = await stage.client.get("/en/")
            for number in range(9):
                answer = await stage.sign_up(f"victim{number}@example.net")
            await decide(stage)
            flooded = await stage.client.get("/en/")
            again = await stage.sign_up("victim9@example.net")

        assert ("<script" in calm.text, "<script" in flooded.text) == (False, True)
        assert 'name="shown"' in calm.text
        assert "script-src" not in calm.headers["content-security-policy"]
        policy = flooded.headers["content-security-policy"]
        assert policy.endswith("script-src 'self'; worker-src 'self'")
        assert (answer.status_code, answer.headers, answer.text) == (
            again.status_code,
            again.headers,
            again.text,
        )

    asyncio.run(scene())
