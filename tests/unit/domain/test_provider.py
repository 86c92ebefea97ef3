"""Provider groups: coarse, and never the name of a small domain."""

from __future__ import annotations

import pytest

from mailer.domain.provider import OTHER, provider_group


@pytest.mark.parametrize(
    ("domain", "group"),
    [
        ("gmail.com", "gmail"),
        ("googlemail.com", "gmail"),
        ("bk.ru", "mail.ru"),
        ("tut.by", "yandex"),
        ("yandex.by", "yandex"),
        ("lenta.ru", "rambler"),
        ("hotmail.com", "microsoft"),
        ("aol.com", "yahoo"),
        ("me.com", "apple"),
        ("pm.me", "proton"),
        ("gmx.net", "web.de"),
        ("o2.pl", "wp"),
        ("example.org", OTHER),
        ("mail.gmail.com", OTHER),
        ("notgmail.com", OTHER),
        ("", OTHER),
    ],
)
def test_a_domain_belongs_to_a_group(domain: str, group: str) -> None:
    """Only whole names count; everybody else is “other”, so that no employer shows."""
    assert provider_group(domain) == group
