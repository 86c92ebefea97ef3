"""A Letter as people read it, each kind from the folder of its name under templates/email/."""

from __future__ import annotations

from pathlib import Path

from mailer.domain.content import LetterContent, RenderedMail
from mailer.rendering.mail import render_mail


def render_letter(content: LetterContent, theme: Path | None = None) -> RenderedMail:
    """Render a Letter; its content holds nothing a visitor typed, so neither does the mail.

    Args:
        content: what the Letter says.
        theme: the newsletter's own templates, which go before ours; None takes ours alone.

    Raises:
        RenderingError: a template went wrong; the message names file and line.
    """
    return render_mail(content.kind, content, theme)
