"""The sign-up form for other sites: plain HTML that a newsroom pastes into its pages."""

from __future__ import annotations

from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter
from mailer.rendering.templates import environment, render
from mailer.web.pages import TEMPLATES


def embed_form(links: Links, newsletter: Newsletter, language: Language) -> str:
    """
    Return the form: no script, no style, nothing fetched until somebody presses its button.

    Args:
        links: with the public URL.
        newsletter: that the form is for.
        language: of its words, and of the page that it leads to; one that *newsletter* is published in.
    """
    values = {"url": links.embed(language), "newsletter": newsletter}
    return render(environment(TEMPLATES, language), "public/embed_form.html", values)
