"""The sentence in which somebody asks to leave is found among the others."""

from __future__ import annotations

import pytest

from mailer.domain.leaving_words import asking_sentence

LONG = "Please unsubscribe me, " + "because " * 100


@pytest.mark.parametrize(
    ("subject", "text", "said"),
    [
        ("Weekly", "Добры дзень! Адпішыце мяне, калі ласка. Я з’ехаў.", "Адпішыце мяне, калі ласка."),
        ("Weekly", "Здравствуйте.\nОтпишите меня!\nСпасибо", "Отпишите меня!"),
        ("Unsubscribe", "Thanks for all.", "Unsubscribe"),
        ("Re: unsubscribe", "Thanks for all.", ""),
        ("Hello", "I read you every week.", ""),
        ("", LONG, LONG[:160]),
    ],
)
def test_the_sentence_that_asks(subject: str, text: str, said: str) -> None:
    """Of the text before the subject, at most 160 characters; empty where nobody asks."""
    assert asking_sentence(subject, text) == said
