"""The programs the other tests stand on do what those tests take for granted."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser

from tests.tools.sink import SmtpSink

_MESSAGE = """\
Subject: Monday
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=edge

--edge
Content-Type: text/plain

Hello
--edge--
"""


def test_sink_keeps_what_it_takes(smtp_sink: SmtpSink) -> None:
    """A message handed to the sink can be read from its folder once it was accepted."""
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port) as client:
        client.sendmail("desk@example.org", ["reader@example.net"], _MESSAGE)

    (kept,) = smtp_sink.messages()
    assert b"X-Rcpt-Args: <reader@example.net>" in kept
    assert kept.endswith(b"Hello\n--edge--\n")


def test_source_sends_to_sink(smtp_source: Path, smtp_sink: SmtpSink) -> None:
    """The generator delivers as many messages as it is asked for."""
    address = f"{smtp_sink.host}:{smtp_sink.port}"
    subprocess.run(
        [smtp_source, "-m", "5", "-f", "a@example.org", "-t", "b@example.net", address], check=True
    )

    assert len(smtp_sink.messages()) == 5


def test_reformime_lists_parts(reformime: Path) -> None:
    """The MIME reader names each part of a message."""
    listed = subprocess.run([reformime, "-i"], input=_MESSAGE, capture_output=True, text=True, check=True)

    assert [line for line in listed.stdout.splitlines() if line.startswith("content-type")] == [
        "content-type: multipart/alternative",
        "content-type: text/plain",
    ]


async def _ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_database_copies_its_template(new_postgres_database: Callable[..., str]) -> None:
    """A database made from a template has its rows, and what is written there stays there."""
    template = new_postgres_database()
    asyncio.run(_ask(template, "CREATE TABLE topic AS SELECT 'Грамадства' AS title"))

    copy = new_postgres_database(template)
    asyncio.run(_ask(copy, "DELETE FROM topic"))

    assert asyncio.run(_ask(template, "SELECT title FROM topic")) == "Грамадства"
    assert asyncio.run(_ask(copy, "SELECT count(*) FROM topic")) == 0


def test_database_can_be_made_inside_an_event_loop(new_postgres_database: Callable[..., str]) -> None:
    """An asynchronous test may ask for a database too."""

    async def make() -> object:
        return await _ask(new_postgres_database(), "SELECT 1")

    assert asyncio.run(make()) == 1


@pytest.mark.parametrize("family", ["sans-serif", "Georgia, serif"])
def test_browser_shows_belarusian_letters(browser: Browser, family: str) -> None:
    """Letters of all three languages have a shape of their own, and are not the box of a missing one."""
    page = browser.new_page()
    page.set_content(
        f"<p style='font: 40px {family}'>" + "".join(f"<span>{letter}</span>" for letter in "ўіщwЎ’\uffff")
    )

    shapes = [span.screenshot() for span in page.locator("span").all()]

    assert len(set(shapes)) == len(shapes)
    page.close()
