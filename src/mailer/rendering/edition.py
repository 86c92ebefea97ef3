"""An edition as people read it: subject, HTML and text, once for all readers who share its plan."""

from __future__ import annotations

from pathlib import Path

from mailer.domain.content import EditionContent, RenderedMail
from mailer.rendering.mail import render_mail
from mailer.rendering.webpart import check_marks


def render_edition(content: EditionContent, theme: Path | None = None) -> RenderedMail:
    """Render an edition; an empty subject becomes heading, dates and first headline.

    Args:
        content: what the edition says.
        theme: the newsletter's own templates, which go before ours; None takes ours alone.

    Raises:
        RenderingError: a template went wrong (the message names file and line), or marks no part of
            the edition as public.
    """
    mail = render_mail("edition", content, theme)
    check_marks("edition/body.html", mail.html)
    return mail
