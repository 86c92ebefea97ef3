"""Which mailbox an address leads to: many spellings of one, where its provider passes over parts of them.

For counting alone. Whose an address is, is a question of the address as it was typed: at a provider not
named here the same spellings may be two persons.
"""

from __future__ import annotations

_ONE_DOMAIN = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "ya.ru": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.kz": "yandex.ru",
}
"""Domains of one provider that share their mailboxes, by the one that stands for all."""
_PASSED_OVER = {"gmail.com": ".", "proton.me": ".-_"}
_THE_SAME = {"yandex.ru": str.maketrans("-", ".")}


def mailbox_of(local: str, domain: str) -> tuple[str, str]:
    """
    Return local part and domain of what stands for all spellings of a mailbox.

    Args:
        local: of an address, in any case.
        domain: lower-case A-label.

    What follows a plus is a tag nearly everywhere (RFC 5233 §4): ``Jane.Doe+news@googlemail.com`` is
    ``janedoe@gmail.com``.
    """
    name, _, _tag = local.lower().partition("+")
    domain = _ONE_DOMAIN.get(domain, domain)
    for letter in _PASSED_OVER.get(domain, ""):
        name = name.replace(letter, "")
    # Nothing before the plus, or nothing but dots: it is no tag then.
    return (name.translate(_THE_SAME.get(domain, {})) or local.lower()), domain
