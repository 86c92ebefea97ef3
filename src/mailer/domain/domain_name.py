"""A domain name as it travels, whatever script it was written in.

Mail and web carry international names as A-labels (``xn--…``, RFC 5890): who stores nothing else needs
no SMTPUTF8 for them. Gmail refuses names that mix scripts, for they are how one domain is made to look
like another.
"""

from __future__ import annotations

import unicodedata

import idna

from mailer.domain.alignment import is_dns_name

_A_LABEL = "xn--"
_LETTERS = ("Ll", "Lo")
"""Of Unicode's categories: a name has no capitals, and marks go with any script."""
# UTS #39 §5.2, "highly restrictive": what may stand together because one language is written so.
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)


def domain_name(text: str) -> str:
    """Return a domain name in lower case, each international label in its ``xn--`` form (RFC 5891).

    Raises:
        ValueError: it is none, or one of its labels mixes scripts; the message goes on where a sentence
            has named it, and quotes nothing.
    """
    try:
        name = text.lower() if text.isascii() else idna.encode(text, uts46=True, std3_rules=True).decode()
        labels = [idna.ulabel(label) for label in name.split(".") if label.startswith(_A_LABEL)]
    except UnicodeError:
        name, labels = "", []
    if not is_dns_name(name):
        raise ValueError("is not a name in DNS; write it as example.org")
    if any(map(_mixes_scripts, labels)):
        raise ValueError("mixes letters of two scripts, which mail providers refuse; write it in one")
    return name


def _mixes_scripts(label: str) -> bool:
    """Tell whether *label* is beyond what UTS #39 calls highly restrictive.

    The standard library knows no scripts; the first word of a letter's name is one.
    """
    letters = (letter for letter in label if unicodedata.category(letter) in _LETTERS)
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
    return len(scripts) > 1 and not any(scripts <= family for family in _TOGETHER)
