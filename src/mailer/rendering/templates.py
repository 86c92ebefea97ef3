"""The one way templates are loaded, for mails and for pages: Jinja2 with our words, dates and Markdown.

A template may be an operator's own, and whatever it does wrong becomes a RenderingError that names
the file and the line.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from markupsafe import Markup

from mailer.domain.language import Language
from mailer.domain.period import Period
from mailer.errors import RenderingError
from mailer.rendering.dates import Year, day_in_words, period_in_words
from mailer.rendering.languages import translations
from mailer.rendering.lent import only_in
from mailer.rendering.markdown import to_html
from mailer.rendering.plaintext import to_text, wrap
from mailer.rendering.trends import trend_in_words, trend_shape
from mailer.rendering.typography import typeset


@cache
def environment(folder: Path, language: Language) -> Environment:
    """Return the environment for the templates in *folder* with all furniture in *language*.

    A name that was not given is an error, ``.html`` and ``.xml`` are escaped, ``_("…")`` and
    ``ngettext`` speak *language*, and these filters do:

    - ``period`` and ``period_with_year``: a Period in words; ``day``: a date in words
    - ``markdown(lang, anchor, media_url)``: safe HTML; ``markdown_text(lang)``: plain text in 72 columns;
      without *lang* both take *language*
    - ``typeset(lang)``: a headline, lead or name with the quotes, dashes and spaces of its language
    - ``wrapped``: plain text in 72 columns
    - ``trend_shape`` and ``trend_words``: a Trend as a sign and as a sentence
    - ``only_in``: the language of a borrowed text as a remark

    Args:
        folder: where the templates lie; they are read again when their files change.
        language: also given to the templates as ``language``.
    """
    env = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(("html", "xml"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    env.globals["language"] = language
    env.filters |= {
        "period": partial(_period, language=language, year=Year.WHERE_NEEDED),
        "period_with_year": partial(_period, language=language, year=Year.ALWAYS),
        "day": partial(day_in_words, language=language),
        "markdown": partial(_markdown, language),
        "markdown_text": partial(_markdown_text, language),
        "typeset": partial(_typeset, language),
        "wrapped": wrap,
        "only_in": partial(only_in, language=language),
        "trend_shape": trend_shape,
        "trend_words": partial(trend_in_words, language=language),
    }
    return env


def render(env: Environment, name: str, values: Mapping[str, object]) -> str:
    """Render the template *name* with *values*.

    Raises:
        RenderingError: the template is missing, misspelt, or went wrong; the message names file and line.
    """
    try:
        return env.get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise RenderingError(f"template {error.name}, line {error.lineno}: {error.message}") from error
    except Exception as error:  # a template is a program of somebody else's and can raise anything
        raise RenderingError(f"template {_place(error, name)}: {_reason(error)}") from error


def render_line(env: Environment, name: str, values: Mapping[str, object]) -> str:
    """Render a template that is one line, such as a subject: every run of white space is one space."""
    return " ".join(render(env, name, values).split())


def _period(period: Period, *, language: Language, year: Year) -> str:
    return period_in_words(period, language, year=year)


def _markdown(
    own: Language, text: str, lang: Language | None = None, anchor: str = "", media_url: str = ""
) -> Markup:
    html = to_html(text, lang or own, anchor=anchor, media_url=media_url)
    return Markup(html)  # noqa: S704 - nh3 has cleaned it


def _markdown_text(own: Language, text: str, lang: Language | None = None) -> str:
    return to_text(text, lang or own)


def _typeset(own: Language, text: str, lang: Language | None = None) -> str:
    return typeset(text, lang or own)


def _place(error: BaseException, name: str) -> str:
    """Say in which template and line it happened.

    Jinja2 puts frames that point at the template's own lines into the traceback and leaves the
    exception in their globals; the deepest of them is the place.
    """
    place = name
    for frame, line in traceback.walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals:
            folder_and_file = Path(frame.f_code.co_filename).parts[-2:]
            place = f"{'/'.join(folder_and_file)}, line {line}"
    return place


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than it may use; look for a loop"
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    return f"{type(error).__name__}: {error}"
