"""How a trend is shown: by a shape and in words; the colour a style sheet adds never stands alone."""

from __future__ import annotations

from mailer.domain.language import Language
from mailer.domain.trend import Trend
from mailer.rendering.languages import translations

_SHAPES = {Trend.IMPROVED: "▲", Trend.UNCHANGED: "●", Trend.WORSENED: "▼"}


def trend_shape(trend: Trend) -> str:
    """Return the trend as one sign that every font has and no system turns into an emoji."""
    return _SHAPES[trend]


def trend_in_words(trend: Trend, language: Language) -> str:
    """Return the trend as a sentence without a full stop."""
    gettext = translations(language).gettext
    match trend:
        case Trend.IMPROVED:
            return gettext("The situation has improved")
        case Trend.UNCHANGED:
            return gettext("The situation has not changed")
        case Trend.WORSENED:
            return gettext("The situation has worsened")
