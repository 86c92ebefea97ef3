"""A real Postfix returns what a far end refused: each report ends where it should, and blames nobody else."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mailer.audience.address import parse_address
from mailer.bootstrap import Service
from mailer.config import RelaySettings, Settings, load_settings
from mailer.config_returned import ReturnedSettings
from mailer.config_sending import SendingSettings
from mailer.domain.returned_mail import MailKind
from mailer.installation import Installation, open_installation
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from mailer.outbox.script import parse_script
from mailer.storage import reports
from tests.acceptance.killing import MAILER
from tests.integration.bounces.porch import free_port
from tests.integration.delivery.house import House
from tests.tools.catalogue import tool
from tests.tools.postfix import Route, running_postfix
from tests.tools.required import required

RETURNS = "returns.example.org"
SCRIPT = """
rcpt gone@example.org   refuse 550 5.1.1 No such user here
rcpt full@example.org   refuse 552 5.2.2 The mailbox is full
dot  policy@example.org refuse 550 5.7.1 Refused by our content policy
rcpt slow@example.org   defer  451 4.7.1 Greylisted, come back later
rcpt чытач@example.org  refuse 550 5.1.1 No such user here
"""
READERS = ["gone@example.org", "full@example.org", "policy@example.org", "slow@example.org"]
READERS += ["чытач@example.org", "fine@example.org"]


def test_what_postfix_returns_ends_in_the_right_state(tmp_path: Path) -> None:
    """User unknown, mailbox full, policy, expiry and SMTPUTF8, in one run."""
    program = required(tool("postfix-master"))
    if os.geteuid() != 0:
        pytest.skip("Postfix's parts run as several users, which only root can start: run this test as root")
    home = tmp_path / "home"
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)

    found, taken = asyncio.run(_scene(home, program))

    assert found == {
        "gone@example.org": ("bounced", "bounce", "no-mailbox", "hard", "suppressed"),
        "full@example.org": ("active", "bounce", "full", "soft", "strike"),
        "policy@example.org": ("active", "bounce", "rule", "soft", "none"),
        "slow@example.org": ("active", "bounce", "greylisted", "soft", "none"),
        "чытач@example.org": ("bounced", "bounce", "no-mailbox", "hard", "suppressed"),
        "fine@example.org": ("active", None, None, None, None),
    }
    assert taken == [("fine@example.org",)]


async def _scene(home: Path, program: Path) -> tuple[dict[str, tuple[Any, ...]], list[tuple[str, ...]]]:
    mailbox = Mailbox(home / "far end")
    far_end = Relay(mailbox, parse_script(SCRIPT, "far end"))
    await far_end.start()
    door_port = free_port()
    try:
        with running_postfix(program, Route(far_end.port, RETURNS, door_port)) as postfix:
            settings = _settings(home, postfix.port, door_port)
            async with open_installation(settings) as here, asyncio.timeout(40):
                house = await _release(here)
                async with Service(here).running(None):
                    await _until_returned(here)
                return await _found(house), [mail.recipients for mail in mailbox]
    finally:
        await far_end.stop()


def _settings(home: Path, relay_port: int, door_port: int) -> Settings:
    usual = load_settings(home)
    sections = {
        "relay": RelaySettings(host="127.0.0.1", port=relay_port, tls="none"),
        "returned": ReturnedSettings(smtp=f"127.0.0.1:{door_port}"),
        "sending": SendingSettings(return_path_domain=RETURNS),
    }
    return usual.model_copy(update=sections).beside(home)


async def _release(here: Installation) -> House:
    house = House(here.database, here.vault)
    await house.furnish()
    await house.subscribe(READERS)
    await house.release()
    return house


async def _until_returned(here: Installation) -> None:
    """Wait until a report of every reader but one has been read."""
    while True:
        count = await here.database.read(lambda tx: len(reports.of_kind(tx, MailKind.BOUNCE, 99)))
        if count == len(READERS) - 1 and not await here.database.read(reports.unread_count):
            return
        await asyncio.sleep(0.05)


async def _found(house: House) -> dict[str, tuple[Any, ...]]:
    """Return of each reader where they stand, and what their report led to."""
    statement = (
        "SELECT s.standing, c.kind, c.cause, c.verdict, c.effect FROM reader r"
        " JOIN subscription s ON s.reader_id = r.id LEFT JOIN consequence c ON c.reader_id = r.id"
        " WHERE r.address_index = :index"
    )
    found = {}
    for address in READERS:
        (found[address],) = await house.rows(statement, index=house.vault.index(parse_address(address)))
    return found
