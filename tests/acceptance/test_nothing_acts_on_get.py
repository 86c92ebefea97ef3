"""Looking never acts: programs and browsers that open every link of every mail and page change nothing."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser

from mailer.audience import new_address, signup
from mailer.audience.keys import load_keys
from mailer.audience.signup import SignUpForm
from mailer.delivery.copy import Composer, Copy
from mailer.delivery.letterpress import Letterpress
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.token import Token
from mailer.rendering.skeleton import Skeleton
from mailer.storage import Transaction, editions, letters, newsletters
from mailer.storage.letters import Letter
from tests.acceptance.crawling import crawl, digest, links_in
from tests.acceptance.live_site import LiveSite, live_site
from tests.integration.web.staging import BASE, FORM, READER, SLUG, Stage, run, standing

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'


@dataclass(frozen=True, slots=True)
class Mailed:
    """A site, and every link of one mail of each kind that its readers were sent."""

    site: LiveSite
    links: dict[str, set[str]]

    @property
    def database(self) -> Path:
        """Where everything is remembered."""
        return self.site.stage.folder / "mailer.db"

    @property
    def every_link(self) -> list[str]:
        """The links, each once."""
        return sorted(set().union(*self.links.values()))


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailed]:
    """A site whose readers have been sent every kind of mail, and have pressed nothing."""
    folder = tmp_path_factory.mktemp("site")
    with live_site(folder) as site:
        yield Mailed(site, run(_mail_everything(folder, site.url)))


async def _mail_everything(folder: Path, url: str) -> dict[str, set[str]]:
    async with standing(folder, base=url) as stage:
        await _cause_every_letter(stage)
        return await _links_by_kind(stage)


async def _cause_every_letter(stage: Stage) -> None:
    site, now = stage.site, stage.clock()
    await stage.subscribe("left@example.org", "ru")
    await stage.client.post(f"/u/{stage.token()}")
    await stage.sign_up(READER)
    await stage.client.post("/be/manage", data={"address": READER})
    invited = SignUpForm("invited@example.org", (SLUG,), Language.BELARUSIAN, source="met at a conference")
    await signup.receive(site.database, site.vault, invited, now=now)
    await stage.decide()
    settings = await stage.secret("manage")
    assert await new_address.ask_both(site.database, site.vault, settings, "moved@example.org", now=now)


async def _links_by_kind(stage: Stage) -> dict[str, set[str]]:
    site = stage.site
    composer = Composer(load_keys(stage.folder / "keys"), site.vault, "bounces.example.org")
    press = Letterpress(site.links)

    def work(tx: Transaction) -> tuple[list[Letter], dict[int, bytes]]:
        issued = {number: each.skeleton for number, each in editions.of_issue(tx, 1).items()}
        return letters.claim(tx, "nobody", stage.clock(), 1000), issued

    waiting, issued = await site.database.write(work)
    newsletter = await site.database.read(lambda tx: newsletters.pick(tx, SLUG))
    mails: list[tuple[str, Copy]] = [
        (each.kind, composer.letter_copy(press.skeleton(each.kind, newsletter, each.language), each, 1))
        for each in waiting
    ]
    (public_id,) = stage.rows("SELECT public_id FROM reader ORDER BY id")[0]
    mails += [
        ("edition", composer.press(Skeleton.unpack(packed), 1).copy_to(READER, bytes(public_id)))
        for packed in filter(None, issued.values())
    ]
    links: dict[str, set[str]] = {}
    for kind, copy in mails:
        # The issues were released before the site had its address.
        ours = {url.replace(BASE, site.links.base) for url in links_in(copy.message)}
        links.setdefault(kind, set()).update(url for url in ours if url.startswith(f"{site.links.base}/"))
    return links


def test_no_program_that_looks_changes_anything(mailed: Mailed) -> None:
    """HEAD, GET and prefetch of every link of every kind of mail, and of all that they lead to."""
    before = digest(mailed.database)

    looked = crawl(mailed.site.url, ["/", *mailed.every_link])

    assert digest(mailed.database) == before
    # A forwarded letter goes to the newsroom: no reader gets one.
    assert set(mailed.links) == {"edition", *LetterKind} - {LetterKind.FORWARD}
    assert set(mailed.every_link) <= set(looked)
    # 410: the confirm link of the reader who has pressed it, and left since.
    assert {looked[url] for url in mailed.every_link} <= {httpx.codes.OK, httpx.codes.GONE}


def test_no_page_of_the_desk_acts_when_it_is_opened(mailed: Mailed) -> None:
    """Not even for an operator who has logged in, whose browser sends the cookie along."""
    before = digest(mailed.database)

    looked = crawl(mailed.site.url, ["/desk"], cookies={"mailer_session": mailed.site.cookie})

    assert digest(mailed.database) == before
    assert sum("/desk/" in url and status == httpx.codes.OK for url, status in looked.items()) > 3


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_no_browser_that_opens_a_link_changes_anything(
    mailed: Mailed, browser: Browser, *, scripts: bool
) -> None:
    """Whether the page may run scripts or not; and before, another page had all of them fetched ahead."""
    before = digest(mailed.database)
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()

    ahead = "".join(f'<link rel="prefetch" href="{url}">' for url in mailed.every_link)
    page.set_content(f"<!doctype html><html><head>{ahead}</head><body></body></html>")
    page.wait_for_load_state("networkidle")
    for url in mailed.every_link:
        page.goto(url)
    page.wait_for_load_state("networkidle")
    context.close()

    assert digest(mailed.database) == before


def test_one_press_changes_something(mailed: Mailed) -> None:
    """So the tests above would have seen it."""
    before = digest(mailed.database)
    link = next(url for url in mailed.links["already"] if "/u/" in url)

    answer = httpx.post(link)

    assert answer.status_code == httpx.codes.OK
    assert digest(mailed.database) != before


@pytest.mark.parametrize(
    ("body", "media_type"),
    [(ONE_CLICK, FORM), (MULTIPART, "multipart/form-data; boundary=b")],
    ids=["urlencoded", "multipart"],
)
def test_one_click_from_a_bare_client(tmp_path: Path, body: bytes, media_type: str) -> None:
    """RFC 8058 §3.2: no cookie, no browser, one POST; answered by 200 without a redirect, and it is done."""
    with live_site(tmp_path) as site:
        stage = site.stage
        (public_id,) = stage.rows("SELECT public_id FROM reader ORDER BY id")[0]
        link = stage.site.link_keys.link(Token(bytes(public_id), issue=1))
        address = urlsplit(site.url)

        with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)) as bare:
            bare.request("POST", f"/u/{link}", body, {"Content-Type": media_type})
            answer = bare.getresponse()

        assert (answer.status, answer.getheader("Location")) == (200, None)
        assert answer.getheader("Set-Cookie") is None
        standings = stage.rows("SELECT standing FROM subscription ORDER BY reader_id")
        assert standings[0] == ("unsubscribed",)
