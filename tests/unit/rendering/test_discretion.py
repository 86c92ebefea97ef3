"""Discreet mails: neutral in every language, and long enough to fill a preview."""

from __future__ import annotations

import pytest

from mailer.domain.content import RenderedMail
from mailer.domain.language import Language
from mailer.rendering.discretion import discreet_mail, discreet_sender_name

_PREVIEW = 180
"""Letters: what the widest lists of mails show beside a subject."""


@pytest.mark.parametrize("language", Language)
def test_only_neutral_words_are_seen_from_outside(language: Language) -> None:
    """Subject, sender and what a preview shows hold nothing of the edition."""
    usual = RenderedMail(language, "Secret", "<p>Secret</p>", "Secret\n")

    mail = discreet_mail(usual)

    assert (mail.html, mail.language) == ("", language)
    assert mail.text.index("Secret") > _PREVIEW
    assert mail.text.endswith("\n\nSecret\n")
    assert max(map(len, mail.text.split("\n"))) <= 72
    assert "Secret" not in mail.subject + discreet_sender_name(language)
    assert mail.subject
    assert discreet_sender_name(language)


def test_each_language_has_its_own_words() -> None:
    """A Belarusian letter is not announced in English."""
    mails = [discreet_mail(RenderedMail(language, "S", "H", "T\n")) for language in Language]

    assert len({mail.subject for mail in mails}) == len({mail.text for mail in mails}) == len(Language)
    assert len({discreet_sender_name(language) for language in Language}) == len(Language)


def test_own_words_go_before_ours() -> None:
    """An editor knows best what is usual in a reader's mailbox."""
    mail = discreet_mail(RenderedMail(Language.ENGLISH, "S", "H", "T\n"), "Recipes")

    assert (mail.subject, discreet_sender_name(Language.ENGLISH, "Aunt")) == ("Recipes", "Aunt")
