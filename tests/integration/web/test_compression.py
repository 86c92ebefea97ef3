"""What is the same for everyone is compressed, and what belongs to one person never."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.web.staging import SLUG, run, standing

ASKED = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize("path", ["/be/", f"/be/{SLUG}/2026-W47", "/static/site.css"])
def test_what_everyone_gets_is_compressed(place: Path, path: str) -> None:
    """And only for those who ask for it."""

    async def scene() -> None:
        async with standing(place) as stage:
            packed = await stage.client.get(path, headers=ASKED)
            plain = await stage.client.get(path, headers={"Accept-Encoding": "identity"})

            assert packed.headers["content-encoding"] == "gzip"
            assert "Accept-Encoding" in packed.headers["vary"]
            assert int(packed.headers["content-length"]) < len(plain.content) / 2
            assert (packed.text, "content-encoding" in plain.headers) == (plain.text, False)

    run(scene())


def test_what_belongs_to_one_person_is_not(place: Path) -> None:
    """Neither pages with a secret in their address nor those that repeat what was typed."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.sign_up("new@example.org")
            await stage.decide()
            confirm, client = f"/en/confirm/{await stage.secret()}", stage.client
            typed = {"newsletter": SLUG, "address": "new at example.org"}

            answers = [
                await client.get(confirm, headers=ASKED),
                await client.post(f"{confirm}/again", headers=ASKED),
                await client.get(f"/u/{stage.token()}", headers=ASKED),
                await client.post("/en/subscribe", data=typed, headers=ASKED),
                await client.post("/en/embed", data=typed, headers=ASKED),
            ]

            assert [answer.headers.get("content-encoding") for answer in answers] == [None] * 5

    run(scene())
