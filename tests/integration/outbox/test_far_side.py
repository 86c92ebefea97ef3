"""The far side brings what comes back to a real door, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.errors import MailerError
from mailer.outbox.far_side import FarSide, Kind, Reaction
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import Mailbox
from tests.integration.bounces.porch import DOMAIN, free_port, path_of, porch
from tests.integration.outbox.standing import MESSAGE, Run

REACTIONS = (
    Reaction("gone*@example.org", Kind.FAILURE, "550 5.1.1 <{recipient}>: User unknown"),
    Reaction("angry@example.org", Kind.COMPLAINT),
    Reaction("*@away.example.org", Kind.HOLIDAY, "Вярнуся праз тыдзень.\n"),
)


def far_side() -> FarSide:
    """Return a far side that has taken nothing."""
    return FarSide(REACTIONS, clock=lambda: datetime(2026, 11, 23, 10, 0, tzinfo=UTC))


def receipt(folder: Path, recipients: Sequence[str], number: int, *, accepted: bool = True) -> Receipt:
    """Return what the relay took, kept in *folder*, with the return path of reader *number*."""
    return Receipt(Mailbox(folder).add(path_of(number), recipients, MESSAGE), MESSAGE, accepted)


def test_what_was_taken_comes_back(tmp_path: Path, run: Run) -> None:
    """Reports and answers to the return path from nobody, complaints to our address for them."""

    async def scene() -> None:
        side, ticks = far_side(), []
        for number, address in enumerate(
            ("Gone1@example.org", "angry@example.org", "me@away.example.org", "well@example.org"), start=1
        ):
            side.note(receipt(tmp_path, [address], number))
        async with porch() as at:
            await side.bring("127.0.0.1", at.door.port, tick=lambda: ticks.append(1))

            envelopes = sorted((each.sender, each.recipient) for each in at.taken)
            assert envelopes == sorted(
                [("", path_of(1)), ("", path_of(3)), ("feedback@mx.example.org", f"abuse@{DOMAIN}")]
            )
            assert side.brought == {Kind.FAILURE: 1, Kind.COMPLAINT: 1, Kind.HOLIDAY: 1}
            assert len(ticks) == 3

    run(scene())


def test_it_comes_back_once(tmp_path: Path, run: Run) -> None:
    """Brought is brought: asked again, there is nothing."""

    async def scene() -> None:
        side = far_side()
        side.note(receipt(tmp_path, ["gone@example.org"], 1))
        async with porch() as at:
            await side.bring("127.0.0.1", at.door.port)
            await side.bring("127.0.0.1", at.door.port)

            assert (len(at.taken), side.waiting_count) == (1, 0)

    run(scene())


def test_only_what_was_taken_comes_back(tmp_path: Path) -> None:
    """Who is well writes nothing, and what the relay refused after all is not in anybody's mailbox."""
    side = far_side()

    noted = [
        side.note(receipt(tmp_path, ["well@example.org"], 1)),
        side.note(receipt(tmp_path, ["gone@example.org"], 2, accepted=False)),
        side.note(receipt(tmp_path, ["well@example.org", "gone@example.org"], 3)),
    ]

    assert (noted, side.waiting_count) == ([False, False, True], 1)


def test_a_shut_door_is_named(tmp_path: Path, run: Run) -> None:
    """One sentence says which port nobody answers at."""

    async def scene() -> None:
        side, port = far_side(), free_port()
        side.note(receipt(tmp_path, ["gone@example.org"], 1))

        with pytest.raises(MailerError, match=f"port {port} does not take what comes back"):
            await side.bring("127.0.0.1", port)

    run(scene())
