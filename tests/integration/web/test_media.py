"""Pictures are served the same to everyone, for ever, and nothing else is."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.integration.web.staging import BASE, run, standing

NAMES = {
    "0123456789abcdef-2x1.png": "image/png",
    "0123456789abcdef-2x1.jpg": "image/jpeg",
    "0123456789abcdef-2x1.gif": "image/gif",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_served(place: Path, name: str) -> None:
    """With its type, kept for ever by every cache, without a cookie."""

    async def scene() -> None:
        async with standing(place) as stage:
            stage.site.media.keep({name: b"pixels"})
            await stage.log_in()

            got = await stage.client.get(f"/media/{name}")
            head = await stage.client.head(f"/media/{name}")
            known = await stage.client.get(f"/media/{name}", headers={"If-None-Match": got.headers["etag"]})

            assert (got.status_code, got.content) == (200, b"pixels")
            assert (head.status_code, head.headers["content-length"]) == (200, "6")
            assert (known.status_code, known.content) == (304, b"")
            for answer in (got, head, known):
                assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "set-cookie" not in answer.headers
                assert "vary" not in answer.headers
            assert got.headers["content-type"] == head.headers["content-type"] == NAMES[name]

    run(scene())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "map.png",
        "fedcba9876543210-2x1.png",
        "0123456789abcdef-2x1.svg",
        "../mailer.db",
        "..%2Fmailer.db",
        "%2e%2e%2fmailer.db",
        "0123456789abcdef-2x1.png%00",
        "0123456789abcdef-2x1.png%0a",
        "0123456789abcdef-2x1.png/",
    ],
)
def test_nothing_else_is_served(place: Path, name: str) -> None:
    """Neither another file nor one that is not there; such an answer is not kept for ever."""

    async def scene() -> None:
        async with standing(place) as stage:
            stage.site.media.keep({"0123456789abcdef-2x1.png": b"pixels"})

            answer = await stage.client.get(f"/media/{name}")

            assert answer.status_code == 404
            assert "immutable" not in answer.headers["cache-control"]

    run(scene())


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_an_issue_shows_its_picture(place: Path, language: str) -> None:
    """From where the page was opened, also through a tunnel."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = (await stage.client.get(f"/{language}/belarus-weekly/2026-W47")).text

            (address,) = re.findall(r'<img [^>]*src="([^"]*)"', page)
            assert address.startswith("/media/")
            assert (await stage.client.get(address)).status_code == 200

    run(scene())


def test_the_desk_shows_a_mail_with_its_pictures(place: Path, tmp_path: Path) -> None:
    """Ours come from wherever the desk was opened, also through a tunnel; others are not fetched."""
    mailbox = Mailbox(tmp_path / "kept")
    mail = EmailMessage()
    mail["Subject"] = "S"
    mail.set_content("Words")
    ours, theirs = f'<img src="{BASE}/media/a.png" alt="">', '<img src="https://example.org/media/a.png">'
    mail.add_alternative(f"<html><head></head>{ours}{theirs}</html>", subtype="html")
    mailbox.add("weekly@example.org", ["reader@example.org"], mail.as_bytes())

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            shown = await stage.client.get("/desk/outbox/1/sandbox")

            assert '<img src="/media/a.png" alt="">' in shown.text
            assert theirs in shown.text
            assert "img-src 'self' data:;" in shown.headers["content-security-policy"]

    run(scene())
