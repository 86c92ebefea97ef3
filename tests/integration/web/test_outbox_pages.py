"""The kept mails are shown to whoever has logged in, and can do nothing on the page."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.integration.web.staging import run, standing

HTML = "<html><head><title>x</title></head><body><p>Hello</p><script>alert(1)</script></body></html>"


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    """An outbox folder with nothing in it."""
    return Mailbox(tmp_path / "outbox")


def keep(mailbox: Mailbox, number: int, *, html: str = HTML) -> None:
    mail = EmailMessage()
    mail["Subject"] = f"Пра & <b>{number}</b>"
    mail["From"] = "Weekly <weekly@example.org>"
    mail.set_content("Plain <words>")
    if html:
        mail.add_alternative(html, subtype="html")
    mailbox.add("weekly@example.org", [f"reader{number}@example.org"], mail.as_bytes())


def test_the_list_shows_the_newest_first(place: Path, mailbox: Mailbox) -> None:
    """Recipient, subject and time; fifty to a page, with a way to the older ones."""
    for number in range(1, 54):
        keep(mailbox, number)

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            first = (await stage.client.get("/desk/outbox")).text
            assert "<h1>Nothing leaves this machine yet</h1>" in first
            assert "53 mails are kept" in first
            assert re.findall(r"reader(\d+)@", first) == [str(n) for n in range(53, 3, -1)]
            assert "Пра &amp; &lt;b&gt;53&lt;/b&gt;" in first
            (older,) = re.findall(r'href="([^"]*before=\d+)"', first)

            second = (await stage.client.get(older)).text
            assert re.findall(r"reader(\d+)@", second) == ["3", "2", "1"]
            assert "before=" not in second

    run(scene())


def test_an_empty_outbox_says_what_to_do(place: Path, mailbox: Mailbox) -> None:
    """Before the first mail there is a sentence, not an empty table."""

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            html = (await stage.client.get("/desk/outbox")).text

            assert "No mail has arrived yet." in html
            assert "<table" not in html

    run(scene())


def test_a_mail_is_shown_in_three_ways(place: Path, mailbox: Mailbox) -> None:
    """HTML in a frame of its own, text, source; each escaped for where it stands."""
    keep(mailbox, 1)

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            html = (await stage.client.get("/desk/outbox/1")).text
            text = (await stage.client.get("/desk/outbox/1?show=text")).text
            source = (await stage.client.get("/desk/outbox/1?show=source")).text

            assert '<iframe class="mail" title="The mail as HTML" src="/desk/outbox/1/sandbox"' in html
            assert "Plain &lt;words&gt;" in text
            assert "Subject: =?utf-8?" in source
            assert all("<script" not in page for page in (html, text, source))
            assert "Weekly &lt;weekly@example.org&gt;" in html

    run(scene())


def test_a_mail_can_run_and_submit_nothing(place: Path, mailbox: Mailbox) -> None:
    """Its HTML comes from an address whose policy is a sandbox; only the desk's page may frame it."""
    keep(mailbox, 1)

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            mail = await stage.client.get("/desk/outbox/1/sandbox")
            page = await stage.client.get("/desk/outbox/1")

            policy = mail.headers["content-security-policy"]
            assert policy.startswith(
                "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
            )
            assert "form-action 'none'" in policy
            assert "frame-ancestors 'self'" in policy
            assert mail.headers["referrer-policy"] == "no-referrer"
            assert '<head><base target="_blank">' in mail.text
            assert "frame-ancestors 'none'; " in page.headers["content-security-policy"]
            assert page.headers["content-security-policy"].endswith("frame-src 'self'")
            assert mail.headers["cache-control"] == page.headers["cache-control"] == "no-store"

    run(scene())


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("", "Plain &lt;words&gt;"),
        ("html", "This mail has no HTML part."),
        ("nonsense", "Plain &lt;words&gt;"),
    ],
)
def test_a_mail_without_html_is_shown_as_text(
    place: Path, mailbox: Mailbox, show: str, expected: str
) -> None:
    """What there is comes first, and what there is not is said."""
    keep(mailbox, 1, html="")

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            assert expected in (await stage.client.get(f"/desk/outbox/1?show={show}")).text

    run(scene())


@pytest.mark.parametrize("path", ["", "/1", "/1/sandbox", "/1?show=source"])
def test_nobody_sees_a_mail_without_logging_in(place: Path, mailbox: Mailbox, path: str) -> None:
    """Each page leads to the login; where no mail is kept there is no such page."""
    keep(mailbox, 1)

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            answer = await stage.client.get(f"/desk/outbox{path}")
            assert (answer.status_code, "reader1" in answer.text) == (303, False)
        async with standing(place) as stage:
            await stage.log_in()
            assert (await stage.client.get(f"/desk/outbox{path}")).status_code == 404

    run(scene())


@pytest.mark.parametrize(
    "path", ["/2", "/0", "/-1", "/x", "/٣", "/" + "9" * 400, "/1e3", "/%00", "/2/sandbox"]
)
def test_a_mail_that_is_not_there_is_no_page(place: Path, mailbox: Mailbox, path: str) -> None:
    """404, whatever the number looks like."""
    keep(mailbox, 1)

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            assert (await stage.client.get(f"/desk/outbox{path}")).status_code == 404

    run(scene())


@pytest.mark.parametrize("before", ["x", "", "-1", "9" * 400, "0"])
def test_a_strange_page_number_is_the_first_page_or_an_empty_one(
    place: Path, mailbox: Mailbox, before: str
) -> None:
    """200 with the headline."""
    keep(mailbox, 1)

    async def scene() -> None:
        async with standing(place, mailbox=Outbox(mailbox)) as stage:
            await stage.log_in()
            answer = await stage.client.get(f"/desk/outbox?before={before}")

            assert answer.status_code == 200
            assert "Nothing leaves this machine yet" in answer.text

    run(scene())
