"""What is said beside a text that is shown in another language than the mail or page around it."""

from __future__ import annotations

from mailer.domain.language import Language
from mailer.rendering.languages import translations


def only_in(lender: Language, language: Language) -> str:
    """Say in *language* that a text exists only in the language *lender*."""
    gettext = translations(language).gettext
    match lender:
        case Language.BELARUSIAN:
            return gettext("Available only in Belarusian")
        case Language.RUSSIAN:
            return gettext("Available only in Russian")
        case Language.ENGLISH:
            return gettext("Available only in English")
