"""Every mail's HTML before html-validate, and how heavy it is; the web page of an issue beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from mailer.domain.language import Language
from tests.acceptance.every_html import every_html
from tests.acceptance.every_mail import EDITION, every_mail
from tests.acceptance.live_site import live_site
from tests.acceptance.mail_features import table
from tests.tools import node

ISSUE = "/{lang}/belarus-weekly/2026-W47"


def faults(files: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Let html-validate read *files*, name to HTML; return each rule that was broken and one place."""
    packages = node.required_packages()
    for name, html in files.items():
        (folder / f"{name}.html").write_text(html, "utf-8")
    command = packages / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    # Into a file, because html-validate ends before a long answer is through the pipe.
    answer = folder / "answer.json"
    node.run(
        packages,
        command,
        "--preset=recommended",
        f"--formatter=json={answer}",
        *sorted(folder.glob("*.html")),
    )
    return {
        message["ruleId"]: f"{Path(file['filePath']).stem}, line {message['line']}: {message['message']}"
        for file in json.loads(answer.read_text())
        for message in file["messages"]
    }


def test_a_mail_breaks_only_the_rules_it_must(tmp_path: Path) -> None:
    """Every kind and language: html-validate finds what docs/mail-features.md gives reasons for."""
    needed = table("html-validate’s rule")

    found = faults(every_html(), tmp_path)

    assert {rule: place for rule, place in found.items() if rule not in needed} == {}
    assert sorted(needed) == sorted(found), "a rule that no mail breaks any more leaves the page"


def test_the_web_page_of_an_issue_breaks_none(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same commentaries, in the three languages, where nothing needs an exception."""
    with live_site(tmp_path_factory.mktemp("site")) as site:
        pages = {lang.value: httpx.get(site.url + ISSUE.format(lang=lang)).text for lang in Language}

    assert faults(pages, tmp_path) == {}


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("<p>one<div>two</div></p>", "close-order"),
        ('<p id="twice"></p><p id="twice"></p>', "no-dup-id"),
        ('<img src="a.png">', "wcag/h37"),
    ],
)
def test_a_fault_is_seen(tmp_path: Path, wrong: str, rule: str) -> None:
    """A mail with one is found guilty by a rule the page does not excuse."""
    mail = every_html()["edition-be"].replace("</h1>", f"</h1>{wrong}", 1)

    found = faults({"mail": mail}, tmp_path)

    assert rule in found.keys() - table("html-validate’s rule").keys()


@pytest.mark.parametrize("lang", list(Language))
def test_an_issue_is_light(lang: Language) -> None:
    """Gmail cuts off what is beyond 102 kB; beside the sample there is room for as many texts again."""
    issue = next(mail for mail in every_mail() if (mail.kind, mail.language) == (EDITION, lang))

    assert len(issue.html.encode()) < 60_000
    assert len(issue.message) < 120_000
