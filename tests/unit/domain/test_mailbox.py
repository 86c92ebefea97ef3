"""Spellings of one mailbox are counted together, and those of two are not."""

from __future__ import annotations

import pytest

from mailer.domain.mailbox import mailbox_of


@pytest.mark.parametrize(
    ("typed", "mailbox"),
    [
        ("reader@example.org", "reader@example.org"),
        ("Reader+Two@example.org", "reader@example.org"),
        ("reader+a+b@example.org", "reader@example.org"),
        ("first.last@example.org", "first.last@example.org"),
        ("+reader@example.org", "+reader@example.org"),
        ("Jane.Doe+news@googlemail.com", "janedoe@gmail.com"),
        ("jane-doe@gmail.com", "jane-doe@gmail.com"),
        ("jane-doe+x@yandex.by", "jane.doe@yandex.ru"),
        ("jane.doe@ya.ru", "jane.doe@yandex.ru"),
        ("jane_doe@pm.me", "janedoe@proton.me"),
    ],
)
def test_spellings_of_one_mailbox_are_one(typed: str, mailbox: str) -> None:
    """A tag counts for nothing anywhere, dots and other domains only at providers known for it."""
    local, _, domain = typed.partition("@")

    assert "@".join(mailbox_of(local, domain)) == mailbox
