"""Which large mailbox provider an address belongs to, coarsely: the unit of limits and statistics.

Coarse on purpose: a group of one domain would name the employer of a reader.
"""

from __future__ import annotations

_DOMAINS = {
    "gmail": ("gmail.com", "googlemail.com"),
    "mail.ru": ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru", "vk.com"),
    "yandex": ("yandex.ru", "yandex.by", "yandex.com", "yandex.kz", "ya.ru", "tut.by", "narod.ru"),
    "rambler": ("rambler.ru", "lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru"),
    "microsoft": ("outlook.com", "hotmail.com", "live.com", "msn.com"),
    "yahoo": ("yahoo.com", "ymail.com", "aol.com", "rocketmail.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "proton": ("proton.me", "protonmail.com", "pm.me"),
    "web.de": ("web.de", "gmx.de", "gmx.net", "gmx.com"),
    "wp": ("wp.pl", "o2.pl", "onet.pl", "interia.pl"),
}
_GROUP_OF = {domain: group for group, domains in _DOMAINS.items() for domain in domains}

OTHER = "other"
"""Everybody else."""


def provider_group(domain: str) -> str:
    """Return the group of a lower-case domain such as ``gmail.com``."""
    return _GROUP_OF.get(domain, OTHER)
