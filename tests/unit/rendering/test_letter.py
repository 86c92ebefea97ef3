"""Letters say what is needed in the reader's language, and nothing a visitor typed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mailer.domain.content import LetterContent, LetterKind
from mailer.domain.language import Language
from mailer.rendering.holes import SECRET, TOKEN
from mailer.rendering.letter import render_letter

ACTIONS = {
    LetterKind.CONFIRM: f"https://example.org/confirm/{SECRET}",
    LetterKind.INVITE: f"https://example.org/confirm/{SECRET}",
    LetterKind.ALREADY: f"https://example.org/u/{TOKEN}",
    LetterKind.WELCOME: f"https://example.org/u/{TOKEN}",
    LetterKind.GOODBYE: f"https://example.org/back/{SECRET}",
    LetterKind.MANAGE: f"https://example.org/manage/{SECRET}",
    LetterKind.MOVE_IN: f"https://example.org/move/{SECRET}",
    LetterKind.MOVE_OUT: f"https://example.org/move/{SECRET}",
    LetterKind.FORWARD: "https://example.org/desk/returned",
}
WITHOUT_ANOTHER_LINK = set(LetterKind) - {LetterKind.ALREADY, LetterKind.WELCOME}


def letter(kind: LetterKind, language: Language = Language.ENGLISH, description: str = "") -> LetterContent:
    return LetterContent(
        kind, language, "Belarus & Co", description, ACTIONS[kind], "https://example.org/home", valid_days=3
    )


@pytest.mark.parametrize(
    ("kind", "language", "subject"),
    [
        (LetterKind.CONFIRM, Language.BELARUSIAN, "Пацвердзіце падпіску на рассылку «Belarus & Co»"),
        (LetterKind.CONFIRM, Language.RUSSIAN, "Подтвердите подписку на рассылку «Belarus & Co»"),
        (LetterKind.CONFIRM, Language.ENGLISH, "Confirm your subscription to “Belarus & Co”"),
        (LetterKind.INVITE, Language.ENGLISH, "Confirm your subscription to “Belarus & Co”"),
        (LetterKind.ALREADY, Language.ENGLISH, "You are already subscribed to “Belarus & Co”"),
        (LetterKind.WELCOME, Language.BELARUSIAN, "Вы падпісаныя на рассылку «Belarus & Co»"),
        (LetterKind.GOODBYE, Language.RUSSIAN, "Вы отписались от рассылки «Belarus & Co»"),
        (LetterKind.MANAGE, Language.BELARUSIAN, "Налады падпіскі на рассылку «Belarus & Co»"),
        (LetterKind.MOVE_IN, Language.RUSSIAN, "Получать рассылку «Belarus & Co» на этот адрес"),
        (LetterKind.MOVE_OUT, Language.BELARUSIAN, "Іншы адрас для рассылкі «Belarus & Co»"),
        (LetterKind.FORWARD, Language.RUSSIAN, "Письмо на служебный адрес рассылки «Belarus & Co»"),
    ],
)
def test_each_kind_has_its_subject(kind: LetterKind, language: Language, subject: str) -> None:
    """The subject says what the Letter is for, in the reader's language."""
    assert render_letter(letter(kind, language)).subject == subject


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_the_action_stands_once_in_each_part(kind: LetterKind, language: Language) -> None:
    """One link to act by, on a line of its own in the text and after a newline in the HTML."""
    mail = render_letter(letter(kind, language))

    assert mail.html.count(ACTIONS[kind]) == mail.text.count(ACTIONS[kind]) == 1
    assert mail.text.endswith(f"\n{ACTIONS[kind]}\n")
    assert f'\n<a href="{ACTIONS[kind]}"' in mail.html


SEVERAL = {
    Language.BELARUSIAN: "Пацвердзіце падпіскі: Belarus & Co, Minsk",
    Language.RUSSIAN: "Подтвердите подписки: Belarus & Co, Minsk",
    Language.ENGLISH: "Confirm your subscriptions: Belarus & Co, Minsk",
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", [LetterKind.CONFIRM, LetterKind.INVITE])
def test_a_request_names_every_newsletter_that_it_confirms(kind: LetterKind, language: Language) -> None:
    """In subject, HTML and text, with one link; one newsletter's description would mislead."""
    content = letter(kind, language, description="A weekly briefing")

    mail = render_letter(replace(content, titles=("Belarus & Co", "Minsk")))

    assert mail.subject == SEVERAL[language]
    assert "<li>Belarus &amp; Co</li>\n<li>Minsk</li>" in mail.html
    assert "\n– Belarus & Co\n– Minsk\n" in mail.text
    assert mail.html.count(ACTIONS[kind]) == mail.text.count(ACTIONS[kind]) == 1
    assert "A weekly briefing" not in mail.html + mail.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
def test_letters_are_plain_to_read(kind: LetterKind, language: Language) -> None:
    """One h1, the language on the document, 72 columns, the way to the site."""
    mail = render_letter(letter(kind, language))

    assert mail.html.count("<h1") == 1
    assert f'<html lang="{language}">' in mail.html
    assert max(len(line) for line in mail.text.split("\n")) <= 72
    assert "https://example.org/home" in mail.html
    # Where the one link that matters follows, the text part names no other.
    asks = kind in WITHOUT_ANOTHER_LINK
    assert ("\nhttps://example.org/home\n" in mail.text) is not asks


@pytest.mark.parametrize("kind", [LetterKind.CONFIRM, LetterKind.WELCOME])
def test_a_description_is_shown_where_it_helps(kind: LetterKind) -> None:
    """Who is asked to confirm, or just has, reads what the newsletter is."""
    mail = render_letter(letter(kind, description="Once a week, <no> more."))

    assert "Once a week, &lt;no&gt; more." in mail.html
    assert "Once a week, <no> more." in mail.text


@pytest.mark.parametrize("titles", [(), ("Belarus & Co", "Minsk")])
@pytest.mark.parametrize("kind", [LetterKind.CONFIRM, LetterKind.INVITE])
def test_a_request_in_plain_text_has_paragraphs(kind: LetterKind, titles: tuple[str, ...]) -> None:
    """What it is about, what the newsletter is, and the link stand apart."""
    content = letter(kind, description="Once a week.")

    mail = render_letter(replace(content, titles=titles))

    paragraphs = mail.text.split("\n\n")
    assert paragraphs[1] == ("– Belarus & Co\n– Minsk" if titles else "Once a week.")
    assert paragraphs[-1].splitlines()[1:] == [ACTIONS[kind]]


@pytest.mark.parametrize(
    ("language", "subject", "leave"),
    [
        (Language.BELARUSIAN, "Падпіска аформленая: Belarus & Co, Minsk", "адпішыцеся па спасылцы"),
        (Language.RUSSIAN, "Подписка оформлена: Belarus & Co, Minsk", "отпишитесь по ссылке"),
        (Language.ENGLISH, "You’re subscribed: Belarus & Co, Minsk", "unsubscribe by the link"),
    ],
)
def test_a_welcome_to_several_names_them(language: Language, subject: str, leave: str) -> None:
    """One link leaves the first, by its name; each is left in its issues or the settings."""
    content = replace(
        letter(LetterKind.WELCOME, language, "Once a week."), manage_url="https://example.org/manage"
    )

    mail = render_letter(replace(content, titles=("Belarus & Co", "Minsk")))

    assert mail.subject.replace("\u00a0", " ") == subject
    assert "<li>Belarus &amp; Co</li>" in re.sub(r"<li[^>]*>", "<li>", mail.html).replace("\u00a0", " ")
    assert "\n\n– Belarus & Co\n– Minsk\n\n" in mail.text.replace("\u00a0", " ")
    for part in (mail.html, mail.text):
        assert leave in " ".join(part.split())
        assert "https://example.org/manage" in part
        assert part.count(ACTIONS[LetterKind.WELCOME]) == 1
        assert "Once a week." not in part


@pytest.mark.parametrize("kind", LetterKind)
def test_a_reader_finds_the_way_to_their_settings(kind: LetterKind) -> None:
    """Under mails that ask for nothing; the address is the same for every reader."""
    mail = render_letter(replace(letter(kind), manage_url="https://example.org/en/manage"))

    is_there = kind not in WITHOUT_ANOTHER_LINK
    assert ('<a href="https://example.org/en/manage"' in mail.html) is is_there
    assert ("\nhttps://example.org/en/manage\n" in mail.text) is is_there


def test_confirming_has_a_term() -> None:
    """A confirm Letter says how long its link works."""
    mail = render_letter(letter(LetterKind.CONFIRM, Language.BELARUSIAN))

    assert "дзейнічае 3\xa0дні." in mail.html
    assert "дзейнічае 3\xa0дні." in mail.text


@pytest.mark.parametrize("kind", LetterKind)
def test_our_own_sentences_are_typeset(kind: LetterKind) -> None:
    """No line of a Letter ends in “не” or “на”, as none of an issue does."""
    mail = render_letter(letter(kind, Language.BELARUSIAN))

    shown = re.sub(r"<[^>]*>", "", mail.html.partition("<body")[2])
    assert not re.search(r"(?i)\b(?:не|на) ", shown + mail.text)
