"""A discreet mail: the same texts, and nothing that a glance at a mailbox would tell a stranger.

A list of mails and a notification on a locked screen show the sender's name, the subject and the first
words; so these say only that a letter came. Without pictures and HTML nothing shows from afar.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace

from mailer.domain.content import RenderedMail
from mailer.domain.language import Language
from mailer.rendering.languages import translations

_COLUMNS = 72


def discreet_sender_name(language: Language, own: str = "") -> str:
    """Return the sender's name; *own* is the newsletter's, ours where that is empty."""
    return own or translations(language).gettext("Weekly letter")


def discreet_mail(mail: RenderedMail, own_subject: str = "") -> RenderedMail:
    """
    Return an edition for discreet readers.

    Args:
        mail: the edition as others get it.
        own_subject: the newsletter's neutral subject; ours where it is empty.

    Returns:
        A mail without HTML. What a preview shows of its text, some two hundred letters, is neutral.
    """
    gettext = translations(mail.language).gettext
    subject = own_subject or gettext("Your letter of the week")
    opening = gettext(
        "Good day! Here is your letter of the week. It is plain text, so that it opens on any device and "
        "takes little room. What you asked for follows below; read it when you have a quiet moment."
    )
    return _plain(mail, subject, opening)


def discreet_letter(mail: RenderedMail) -> RenderedMail:
    """Return a Letter for discreet readers: without HTML, and neutral in what a preview shows."""
    gettext = translations(mail.language).gettext
    opening = gettext(
        "Good day! This is the answer to something you have done. It is plain text, so that it opens on any "
        "device and takes little room. What it is about follows below; read it when you have a quiet moment."
    )
    return _plain(mail, gettext("An answer for you"), opening)


def _plain(mail: RenderedMail, subject: str, opening: str) -> RenderedMail:
    return replace(mail, subject=subject, html="", text=f"{textwrap.fill(opening, _COLUMNS)}\n\n{mail.text}")
