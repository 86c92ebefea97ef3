"""The one way templates are loaded, for mails and for pages: Jinja2 with our words, dates and Markdown.

A template may be an operator's own, and whatever it does wrong becomes a RenderingError that names
the file and the line.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
    select_autoescape,
)
from jinja2.utils import missing
from markupsafe import Markup

from mailer.domain.language import Language
from mailer.domain.nearest import did_you_mean
from mailer.domain.period import Period
from mailer.errors import Problem, RenderingError
from mailer.rendering.dates import Year, day_in_words, period_in_words
from mailer.rendering.languages import translations
from mailer.rendering.lent import only_in
from mailer.rendering.markdown import to_html
from mailer.rendering.plaintext import to_text, wrap
from mailer.rendering.theme_folder import shown
from mailer.rendering.trends import trend_in_words, trend_shape
from mailer.rendering.typography import typeset


class TemplateFault(RenderingError):  # noqa: N818 - reads as what it is where it is caught
    """A template went wrong.

    Attributes:
        problem: the template as the operator knows it, the line where there is one, and the reason.
    """

    def __init__(self, place: str, line: int | None, reason: str) -> None:
        self.problem = Problem(place, line, reason)
        super().__init__(f"template {self.problem}")


@cache
def environment(folder: Path, language: Language, theme: Path | None = None) -> Environment:
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
        theme: a folder whose templates go before those of the same name.
    """
    env = Environment(
        loader=FileSystemLoader([folder] if theme is None else [theme, folder]),
        autoescape=select_autoescape(("html", "xml"), default=False),
        undefined=_Unknown,
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
        TemplateFault: the template is missing, misspelt, or went wrong; the message names file and line.
    """
    try:
        return env.get_template(name).render(values)
    except TemplateSyntaxError as error:
        raise syntax_fault(env, error) from error
    except Exception as error:  # a template is a program of somebody else's and can raise anything
        raise TemplateFault(*_place(error, env, name), _reason(error)) from error


def render_line(env: Environment, name: str, values: Mapping[str, object]) -> str:
    """Render a template that is one line, such as a subject: every run of white space is one space."""
    return " ".join(render(env, name, values).split())


def syntax_fault(env: Environment, error: TemplateSyntaxError) -> TemplateFault:
    """Return Jinja2's own complaint about a template's writing, with file and line."""
    place = _shown(env, error.filename) if error.filename else error.name
    return TemplateFault(place or "", error.lineno, _reason(error))


class _Unknown(StrictUndefined):
    """What a template asks for and was not given: any use is an error, with the nearest right name."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if hint is None and is_dataclass(obj) and name is not None:
            near = did_you_mean(name, [each.name for each in fields(obj)])
            self._undefined_hint = f"{type(obj).__name__} has no “{name}”{near}"


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


def _place(error: BaseException, env: Environment, name: str) -> tuple[str, int | None]:
    """Say in which template and line it happened.

    Jinja2 puts frames that point at the template's own lines into the traceback and leaves the
    exception in their globals; the deepest of them is the place.
    """
    files = [Path(folder, name) for folder in cast("FileSystemLoader", env.loader).searchpath]
    file = next((file for file in files if file.is_file()), None)
    place: tuple[str, int | None] = (_shown(env, str(file)) if file else name, None)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals:
            place = (_shown(env, frame.f_code.co_filename), line)
    return place


def _shown(env: Environment, file: str) -> str:
    """Return a template's name, and before it the theme that it lies in."""
    *themes, ours = map(Path, cast("FileSystemLoader", env.loader).searchpath)
    path = Path(file)
    for theme in themes:
        if path.is_relative_to(theme):
            return f"{shown(theme)}/{path.relative_to(theme).as_posix()}"
    return path.relative_to(ours).as_posix() if path.is_relative_to(ours) else path.name


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than it may use; look for a loop"
    if isinstance(error, TemplateError):
        return (error.message or type(error).__name__).rstrip(".")
    return f"{type(error).__name__}: {error}"
