"""Three templates make a mail: a subject, a text and an HTML body, from one folder and one content."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from jinja2 import Environment

from mailer.bundled import bundled
from mailer.domain.content import EditionContent, LetterContent, RenderedMail
from mailer.domain.language import Language
from mailer.errors import RenderingError
from mailer.rendering import holes
from mailer.rendering.inline import inline_css
from mailer.rendering.templates import environment, render, render_line

_GAPS = re.compile(r"\n{3,}")


def render_mail(name: str, content: EditionContent | LetterContent, theme: Path | None) -> RenderedMail:
    """Render ``subject.txt``, ``body.html`` and ``body.txt`` of the folder *name*.

    The same content and templates give the same bytes every time.

    Args:
        name: the mail's folder, such as ``edition``.
        content: given to the templates as ``content``; the finished subject as ``subject``.
        theme: the newsletter's own templates, which go before ours; None takes ours alone.

    Raises:
        RenderingError: a template went wrong (the message names file and line), or it shows the
            reader's own link not at all or more than once.
    """
    subject = render_subject(name, content, theme)
    html = render_html(name, content, theme, subject=subject)
    text = render_text(name, content, theme, subject=subject)
    return RenderedMail(content.language, subject, html, text)


def render_subject(name: str, content: EditionContent | LetterContent, theme: Path | None) -> str:
    """Render the subject alone, as *render_mail* does."""
    template = f"{name}/subject.txt"
    subject = render_line(mail_environment(content.language, theme), template, {"content": content})
    if holes.resembles_hole(subject):
        raise RenderingError(
            f"{template} says “{subject}”, where “hole-for-the-” would be taken for a reader's own link: "
            "write it differently"
        )
    control = next((sign for sign in subject if unicodedata.category(sign) == "Cc"), None)
    if control is not None:
        # RFC 5322 §2.2: a header holds printable signs; a NUL would pass for an attack (headers.py).
        raise RenderingError(
            f"{template} makes a subject with the sign U+{ord(control):04X}, which no header may hold: "
            "take it away"
        )
    return subject


def render_html(
    name: str, content: EditionContent | LetterContent, theme: Path | None, *, subject: str
) -> str:
    """Render the HTML alone, as *render_mail* does."""
    template = f"{name}/body.html"
    values = {"content": content, "subject": subject}
    html = inline_css(render(mail_environment(content.language, theme), template, values))
    _check_holes(template, html, content)
    return html


def render_text(
    name: str, content: EditionContent | LetterContent, theme: Path | None, *, subject: str
) -> str:
    """Render the plain text alone, as *render_mail* does."""
    template = f"{name}/body.txt"
    values = {"content": content, "subject": subject}
    text = _tidied(render(mail_environment(content.language, theme), template, values))
    _check_holes(template, text, content)
    return text


def mail_environment(language: Language, theme: Path | None) -> Environment:
    """Return what mails in *language* are rendered with, a newsletter's own templates before ours."""
    return environment(bundled("templates/email"), language, theme)


def _check_holes(template: str, body: str, content: EditionContent | LetterContent) -> None:
    """Refuse a body that skeleton.py could not fill in, or that a reader could not unsubscribe by."""
    own_url = content.unsubscribe_url if isinstance(content, EditionContent) else content.action_url
    for hole in (holes.TOKEN, holes.SECRET):
        wanted, found = own_url.count(hole), body.count(hole)
        if found != wanted:
            raise RenderingError(
                f"{template} shows the reader's own link {found} times, it must be {wanted}: "
                "write it once in the template and nowhere in a text"
            )


def _tidied(text: str) -> str:
    """End no line with a space, leave one empty line at most, end the text with one newline."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return _GAPS.sub("\n\n", lines).strip("\n") + "\n"
