"""A whole service that a provider calls: from [webhooks] of the settings to the reading of what was said."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import httpx
from sqlalchemy import text

from mailer.bootstrap import Service, open_installation
from mailer.config import load_settings
from tests.acceptance.killing import MAILER
from tests.unit.bounces.provider_events import brevo

TOKEN = "a long token of our own"


def test_the_service_reads_what_a_provider_says(tmp_path: Path) -> None:
    """Only whom the settings name is believed, and what they bring is read without anybody's waiting."""
    home = tmp_path / "home"
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)
    (home / "data" / "keys" / "brevo.token").write_text(f"{TOKEN}\n", "utf-8")
    with (home / "mailer.toml").open("a", encoding="utf-8") as file:
        file.write('\n[webhooks]\nbrevo_token_file = "keys/brevo.token"\n')

    answers, kinds = asyncio.run(_scene(home))

    assert answers == [404, 401, 200, 200]
    assert kinds == ["bounce"]


async def _scene(home: Path) -> tuple[list[int], list[str]]:
    event = brevo("hard_bounce", reason="550 5.1.1 User unknown")
    ours = {"Authorization": f"Bearer {TOKEN}"}
    async with open_installation(load_settings(home)) as here:
        service = Service(here)
        transport = httpx.ASGITransport(service.app)
        async with (
            service.running(None),
            httpx.AsyncClient(transport=transport, base_url="https://weekly.example.org") as client,
            asyncio.timeout(20),
        ):
            answers = [
                await client.post("/hooks/sendgrid", content=event, headers=ours),
                await client.post("/hooks/brevo", content=event),
                await client.post("/hooks/brevo", content=event, headers=ours),
                await client.post("/hooks/brevo", content=event, headers=ours),
            ]
            kinds: list[str | None] = [None]
            while None in kinds:
                await asyncio.sleep(0.02)
                kinds = await here.database.read(lambda tx: list(tx.scalars(text("SELECT kind FROM report"))))
    return [answer.status_code for answer in answers], [kind for kind in kinds if kind]
