"""A commentary: one topic in one period, with its text in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.period import Period
from mailer.domain.trend import Trend


class TextState(StrEnum):
    """Whether a text may be published."""

    DRAFT = "draft"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Text:
    """A commentary in one language.

    Attributes:
        headline: one line.
        body: Markdown, LF line ends.
        lead: one sentence that stands on its own; may be empty.
        author: a public by-line, may be a pen name; may be empty.
        source: the file it came from, as the editor knows it; may be empty.
    """

    language: Language
    state: TextState
    headline: str
    body: str
    lead: str = ""
    author: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Commentary:
    """One topic in one period.

    Attributes:
        topic: the topic's slug.
        trend: None while nobody has named it.
        texts: by language; only ready ones fill a cell.
        missing: rules for languages without a ready text, which go before the newsletter's.
        public_from: aware UTC; None means when its issue is sent.
    """

    topic: str
    period: Period
    trend: Trend | None = None
    texts: Mapping[Language, Text] = field(default_factory=dict)
    missing: Mapping[Language, MissingRule] = field(default_factory=dict)
    public_from: datetime | None = None

    def ready(self, language: Language) -> Text | None:
        """Return the text that may be published in *language*, or None."""
        text = self.texts.get(language)
        return text if text is not None and text.state is TextState.READY else None

    def ready_languages(self) -> set[Language]:
        """Return the languages in which it may be published."""
        return {language for language in self.texts if self.ready(language)}
