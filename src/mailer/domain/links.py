"""Where our pages are: the one place that mails and the site take their paths from.

Links in mails live for ever, so these never change once an issue has been sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailer.domain.language import Language


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the public pages.

    Attributes:
        base: the public URL without a slash at its end.
    """

    base: str

    def home(self, language: Language) -> str:
        """The site in a language, with the subscribe box."""
        return f"{self.base}/{language}/"

    def issue(self, language: Language, newsletter: str, period_key: str) -> str:
        """An issue's page; the same for every reader."""
        return f"{self.base}/{language}/{newsletter}/{period_key}"

    def confirm(self, language: Language, secret: str) -> str:
        """The page with the one button that confirms a sign-up."""
        return f"{self.base}/{language}/confirm/{secret}"

    def unsubscribe(self, token: str) -> str:
        """The page with the one button that ends a subscription; a bare POST does so at once (RFC 8058)."""
        return f"{self.base}/u/{token}"
