"""Whether a newsletter's own templates can make every mail, found out before one is sent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mailer.domain.newsletter import Newsletter
from mailer.errors import InputError, Problem, RenderingError
from mailer.rendering.apart import check_apart
from mailer.rendering.specimens import specimens
from mailer.rendering.theme_folder import FOLDER, Themes, shown


def refuse_broken_themes(themes: Themes, newsletters: Iterable[Newsletter]) -> None:
    """Refuse to go on with templates that would spoil mails of one of *newsletters*.

    Raises:
        InputError: with all that is wrong, by file and line.
    """
    problems = [problem for newsletter in newsletters for problem in theme_problems(themes, newsletter)]
    if problems:
        raise InputError(problems)


def theme_problems(themes: Themes, newsletter: Newsletter) -> list[Problem]:
    """Return what is wrong with *newsletter*'s own templates; nothing where it has none.

    Call it from a thread, not from a loop, for it takes a second or two (see *check_theme*).
    """
    try:
        theme = themes.of(newsletter.slug)
    except RenderingError as error:
        return [Problem(f"{FOLDER}/{newsletter.slug}", None, str(error))]
    return [] if theme is None else check_theme(theme, newsletter)


def check_theme(theme: Path, newsletter: Newsletter) -> list[Problem]:
    """Try out the templates in *theme* on every kind of mail, each full and each nearly empty.

    Returns:
        What is wrong, by file and line: a file that no mail uses, a mistake in writing, a block of
        ours that is missing, something unknown, a reader's link that is not shown once.
    """
    try:
        return check_apart(specimens(newsletter), theme)
    except RenderingError as error:
        return [Problem(shown(theme), None, str(error))]
