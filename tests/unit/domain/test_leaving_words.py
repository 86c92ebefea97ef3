"""What people write who want to leave, in three languages, and what they write who do not."""

from __future__ import annotations

import time

import pytest

from mailer.domain.leaving_words import asks_to_leave, written_by_hand

ASKING = [
    "Адпішыце мяне, калі ласка",
    "Калі ласка, адпішыце мой адрас ад рассылкі.",
    "Я хачу адпісацца.",
    "Выдаліце мяне са спісу",
    "Больш не дасылайце мне гэтыя лісты",
    "Не пішыце мне больш!",
    "Отпишите меня",
    "Прошу отписать меня от рассылки",
    "как отписаться??",
    "Удалите меня из вашей базы",
    "Больше не присылайте мне письма",
    "Прекратите рассылку!",
    "Уберите мой адрес из списка",
    "unsubscribe",
    "Please unsubscribe me from this list.",
    "UNSUBSCRIBE ME NOW",
    "Please remove me from your mailing list",
    "take me off this list, thanks",
    "Stop sending me these mails",
    "I no longer want to receive your newsletter",
    "I can't find how to unsubscribe, help",
    "Калі ласка, не дасылайце мне вашу рассылку",
    "Спыніце дасылаць лісты",
    "Прыбярыце мой адрас з базы",
    "Я адмаўляюся ад вашай рассылкі",
    "Отпиши меня, пожалуйста",
    "Удалите меня из рассылки",
    "удалите из списка рассылки",
    "Пожалуйста, не присылайте мне эти письма",
    "Хватит слать мне это",
    "Отмените мою подписку",
    "Стоп рассылка",
    "Please delete me from the mailing list",
    "Don’t send me this",
    "do not email me again",
    "Cancel my subscription.",
    "stop sending",
    "I want to unsubscribe from this list",
    "Remove",
]
NOT_ASKING = [
    "",
    "How do I unsubscribe my friend?",
    "A friend of mine wants to unsubscribe",
    "Як адпісаць сябра ад рассылкі?",
    "Как отписать мою маму?",
    "Не адпісвайце мяне",
    "Will Minsk stop sending gas?",
    "Немцы прекратили присылать грузы",
    "Belarus no longer sends delegates",
    "Remove the comma in line three",
    "Удалите опечатку в третьем абзаце",
    "Как подписаться?",
    "Thanks! To unsubscribe from this list click here",
    "Спасибо\n\nПонедельник, 23 ноября 2026, 10:00 +03:00 от News <news@example.org>:\n\nотписаться",
    "Дзякуй!\n\nпн, 23 ліс 2026 г. у 10:00, News <news@example.org> піша:\nАдпісацца",
    "Danke\n\nAm 23.11.2026 um 10:00 schrieb News:\nunsubscribe",
    "Thanks\n\nBegin forwarded message:\n\nunsubscribe",
    "Thank you for the overview of last week!",
    "Дзякуй за агляд, вельмі карысна.",
    "Спасибо за рассылку, подписал друга.",
    "Please don't remove me from the list, I moved to another job.",
    "Не отписывайте меня!",
    "I was unsubscribed by mistake",
    "What is your unsubscribe rate?",
    "I am away until Monday.",
    "Great issue.\n\nOn Mon, 23 Nov 2026 at 09:00, News <news@example.org> wrote:\n> Unsubscribe: https://example.org/u/x",
    "Спасибо!\n\n23.11.2026, 09:00, «Неделя» <news@example.org>:\n\n Отписаться: https://example.org/u/x",
    "Дзякуй\n-----Original Message-----\nFrom: News\n\nАдпісацца",
    "> Unsubscribe\n> Отписаться\nInteresting.",
]


@pytest.mark.parametrize("text", ASKING)
def test_who_asks_is_heard(text: str) -> None:
    """In the body or in the subject."""
    assert asks_to_leave("", text)
    assert asks_to_leave(text, "")


@pytest.mark.parametrize("text", NOT_ASKING)
def test_who_does_not_ask_is_left_in_peace(text: str) -> None:
    """Thanks, news and what is quoted from our own mail."""
    assert not asks_to_leave("", text)


def test_the_subject_of_an_answer_is_ours() -> None:
    """An issue about unsubscribing does not unsubscribe who answers it."""
    assert not asks_to_leave("Re: How to unsubscribe from fear", "Very good text.")
    assert asks_to_leave("Re: Week 47", "unsubscribe please")


def test_only_the_beginning_counts() -> None:
    """Nobody hides it behind pages."""
    assert not asks_to_leave("", "word " * 2_000 + "unsubscribe me")


@pytest.mark.parametrize("unit", [" ", "\n", "> ", "no more ", "from ", "-", "1.1.", "не "])
def test_long_runs_take_no_time(unit: str) -> None:
    """A megabyte of one thing is looked at in no time."""
    began = time.monotonic()

    written_by_hand(unit * 300_000)
    asks_to_leave(unit * 300_000, unit * 300_000)

    assert time.monotonic() - began < 20
