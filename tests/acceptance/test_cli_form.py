"""``mailer newsletter form``: what an editor pastes into another site."""

from __future__ import annotations

import re

from tests.acceptance.commandline import Installed


def test_a_form_in_each_language(installed: Installed) -> None:
    """Each leads to the page of its language; with a language, it alone."""
    ran = installed("newsletter", "form")
    one = installed("newsletter", "form", "--language", "ru")

    assert (ran.status, ran.err, one.status) == (0, "", 0)
    led = re.findall(r'action="[^"]*(/\w\w/embed)" method="post"', ran.out.decode())
    assert led == ["/be/embed", "/ru/embed", "/en/embed"]
    assert one.out.decode() in ran.out.decode()


def test_a_language_that_is_none(installed: Installed) -> None:
    """Says which there are."""
    refusal = installed("newsletter", "form", "--language", "pl").refusal()

    assert refusal == "--language: belarus-weekly is not published in “pl”; write one of be, ru, en"
