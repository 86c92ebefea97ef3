"""Links in listmonk's mails lead its readers to where they can leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.web.staging import run, standing

ONE, TWO, THREE = (f"aa000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
LINKS = (
    f"/subscription/{ONE}/{TWO}",
    f"/subscription/{ONE}/{TWO}?manage=true",
    f"/subscription/optin/{TWO}?l={ONE}",
    f"/campaign/{ONE}/{TWO}",
    f"/link/{THREE}/{ONE}/{TWO}",
)
STILL = {"be": "Гэтая кнопка", "ru": "Эта кнопка", "en": "This button"}
WORDS = {
    "be": "з нашай ранейшай рассылкі",
    "ru": "из нашей прежней рассылки",
    "en": "our former mail service",
}


@pytest.mark.parametrize("link", LINKS)
def test_an_old_link_opens_a_way_out(place: Path, link: str) -> None:
    """In the browser's language, with the form that mails a link to the settings; nothing is stored."""

    async def scene() -> None:
        async with standing(place) as stage:
            before = stage.contents()
            for lang, words in WORDS.items():
                page = await stage.client.get(link, headers={"Accept-Language": lang})
                assert page.status_code == 200
                assert words in page.text
                assert f'action="/{lang}/manage"' in page.text
                assert "no-store" in page.headers["Cache-Control"]
            assert stage.contents() == before

    run(scene())


def test_one_click_on_an_old_link_does_not_claim_success(place: Path) -> None:
    """A program that is answered 200 tells its owner that they have left; in each language: how to leave."""

    async def scene() -> None:
        async with standing(place) as stage:
            body = {"List-Unsubscribe": "One-Click"}
            answer = await stage.client.post(LINKS[0], data=body)
            assert answer.status_code == 410
            for lang, words in STILL.items():
                assert f'<div lang="{lang}">\n<p class="lead">{words}' in answer.text
                assert f'href="/{lang}/manage"' in answer.text

    run(scene())


@pytest.mark.parametrize("link", ["/subscription/form", "/subscription/x/y", f"/link/{ONE}", "/campaign/a/b"])
def test_what_listmonk_never_mailed_is_no_page(place: Path, link: str) -> None:
    """Only its own addresses are answered."""

    async def scene() -> None:
        async with standing(place) as stage:
            assert (await stage.client.get(link)).status_code == 404

    run(scene())
