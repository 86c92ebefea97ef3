"""Three templates make a mail: a subject, a text and an HTML body, from one folder and one content."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast

from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from mailer.bundled import bundled
from mailer.domain.content import EditionContent, LetterContent, RenderedMail
from mailer.domain.language import Language
from mailer.errors import RenderingError
from mailer.rendering import holes
from mailer.rendering.inline import inline_css
from mailer.rendering.templates import environment, render, render_line
from mailer.rendering.typography import typeset

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
    html = render_body(f"{name}/body.html", content, theme, subject=subject)
    text = render_body(f"{name}/body.txt", content, theme, subject=subject)
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


def render_body(
    template: str, content: EditionContent | LetterContent, theme: Path | None, *, subject: str
) -> str:
    """Render one body alone, as *render_mail* does.

    Args:
        template: ``NAME/body.html`` or ``NAME/body.txt``; which of them decides how it is finished.
    """
    values = {"content": content, "subject": subject}
    body = render(mail_environment(content.language, theme), template, values)
    body = inline_css(body) if template.endswith(".html") else _tidied(body)
    _check_holes(template, body, content)
    return body


@cache
def mail_environment(language: Language, theme: Path | None) -> Environment:
    """Return what mails in *language* are rendered with, a newsletter's own templates before ours.

    Our sentences are typeset as an editor's words are: no line of a mail ends in “не”.
    """
    env = environment(bundled("templates/email"), language, theme)
    for name in ("gettext", "ngettext"):
        env.globals[name] = _in_type(cast("Callable[..., str]", env.globals[name]), language)
    return env


def _in_type(speak: Callable[..., str], language: Language) -> Callable[..., str]:
    """Return a function of a template's sentences whose answer, filled in, is typeset."""

    @pass_context
    def speak_in_type(context: Context, *sentences: object, **filled: object) -> str:
        words = speak(context, *sentences, **filled)
        # Markup stays what it is: as safe as before, and its entities are no words.
        return type(words)(typeset(words, language))

    return speak_in_type


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
