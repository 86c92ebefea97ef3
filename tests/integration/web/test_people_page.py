"""Letters from people on the desk: read there, answered elsewhere, put away once; no other mail is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from mailer.domain.returned_mail import MailKind
from tests.integration.web.returning import ask_to_leave, write_letter
from tests.integration.web.staging import READER, run, standing

LETTER = (
    "From: Jan <jan@example.net>\r\nSubject: =?utf-8?b?0JTRj9C60YPQuQ==?=\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nДзякуй <b>вам</b>!\r\n"
).encode()


def test_a_letter_is_read_and_put_away(place: Path) -> None:
    """Listed without a name, opened with who wrote, harmless; after “done” it waits no more."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await write_letter(stage, LETTER)
            listed = (await stage.client.get("/desk/returned")).text

            with structlog.testing.capture_logs() as logs:
                opened = await stage.client.get(f"/desk/returned/letters/{number}")
                done = await stage.press(f"/desk/returned/letters/{number}/done")

            assert f'href="/desk/returned/letters/{number}"' in listed
            assert "jan@example.net" not in listed
            assert "Дзякуй &lt;b&gt;вам&lt;/b&gt;!" in opened.text
            assert ("Дякуй" in opened.text, "jan@example.net" in opened.text) == (True, True)
            assert (opened.headers["cache-control"], done.status_code) == ("no-store", 303)
            assert "jan" not in str(logs)
            assert "Letters from people" not in (await stage.client.get("/desk/returned")).text
            assert (await stage.client.get(f"/desk/returned/letters/{number}")).status_code == 404

    run(scene())


@pytest.mark.parametrize("kind", [MailKind.BOUNCE, MailKind.AUTO_REPLY, MailKind.COMPLAINT])
def test_other_returned_mail_is_nobodys_to_read(place: Path, kind: MailKind) -> None:
    """It names readers: only letters from people are opened."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await write_letter(stage, LETTER, kind)

            assert (await stage.client.get(f"/desk/returned/letters/{number}")).status_code == 404
            assert (await stage.press(f"/desk/returned/letters/{number}/done")).status_code == 404

    run(scene())


def test_what_asks_to_leave_is_listed_once(place: Path) -> None:
    """As a proposal; once it is pressed nobody has to read the letter too, but one that was no wish stays."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            first = await ask_to_leave(stage)
            listed = (await stage.client.get("/desk/returned")).text
            await stage.press(f"/desk/returned/proposals/{first}/keep")
            kept = (await stage.client.get("/desk/returned")).text
            second = await ask_to_leave(stage)
            await stage.press(f"/desk/returned/proposals/{second}/unsubscribe")
            after = (await stage.client.get("/desk/returned")).text

            assert ("Somebody wrote" in listed, "Letters from people" in listed) == (True, False)
            assert "Letters from people" in kept
            # The second letter is the same to the byte, and so is known already.
            assert "Letters from people" not in after
            assert READER not in listed + kept + after

    run(scene())
