"""Where our pages are: the one place that mails and the site take their paths from.

Links in mails live for ever, so these never change once an issue has been sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailer.domain.language import Language
from mailer.domain.return_address import ReturnAddresses


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the public pages.

    Attributes:
        base: the public URL without a slash at its end.
        mail_domain: where mail to leave by is read; empty while nobody reads it.
        mail_prefix: what such an address begins with (ReturnAddresses).
    """

    base: str
    mail_domain: str = ""
    mail_prefix: str = ""

    def home(self, language: Language) -> str:
        """The site in a language, with the subscribe box."""
        return f"{self.base}/{language}/"

    def issue(self, language: Language, newsletter: str, period_key: str) -> str:
        """An issue's page; the same for every reader."""
        return f"{self.base}/{language}/{newsletter}/{period_key}"

    def archive(self, language: Language, newsletter: str) -> str:
        """The list of a newsletter's issues."""
        return f"{self.home(language)}#archive-{newsletter}"

    def subscribe(self, language: Language) -> str:
        """The subscribe box."""
        return f"{self.home(language)}#subscribe"

    @property
    def media(self) -> str:
        """What stands before the name of a picture of ours, without a slash at its end."""
        return f"{self.base}/media"

    def picture(self, name: str) -> str:
        """A picture of ours; the same for every reader."""
        return f"{self.media}/{name}"

    def confirm(self, language: Language, secret: str) -> str:
        """The page with the one button that confirms a sign-up."""
        return f"{self.base}/{language}/confirm/{secret}"

    def confirm_again(self, language: Language, secret: str) -> str:
        """Where the page of a late confirm link asks for a new one."""
        return f"{self.confirm(language, secret)}/again"

    def check_mail(self, language: Language) -> str:
        """What answers every sign-up; the same for everyone."""
        return f"{self.base}/{language}/check-mail"

    def embed(self, language: Language) -> str:
        """Where sign-up forms on other sites lead; the same for everyone."""
        return f"{self.base}/{language}/embed"

    def settings(self, language: Language) -> str:
        """The page that mails readers a link to their settings; the same for every reader."""
        return f"{self.base}/{language}/manage"

    def manage(self, language: Language, secret: str) -> str:
        """The page of one reader's settings; mailed on request."""
        return f"{self.base}/{language}/manage/{secret}"

    def move(self, language: Language, secret: str) -> str:
        """The page on which an old or a new address agrees to a move; mailed to each of them."""
        return f"{self.base}/{language}/move/{secret}"

    def way_back(self, language: Language, secret: str) -> str:
        """The page with the one button that undoes a leaving; in the goodbye."""
        return f"{self.base}/{language}/back/{secret}"

    def unsubscribe(self, token: str) -> str:
        """The page with the one button that ends a subscription; a bare POST does so at once (RFC 8058)."""
        return f"{self.base}/u/{token}"

    @property
    def returned_mail(self) -> str:
        """The desk's page of what came back; for staff."""
        return f"{self.base}/desk/returned"

    def unsubscribe_by_mail(self, token: str) -> str:
        """Where a mail program writes in its owner's place; empty while nobody would read it.

        Args:
            token: a return path's local part, for relays may change the case of a link's.
        """
        address = ReturnAddresses(self.mail_domain, self.mail_prefix).to_leave(token)
        return f"mailto:{address}?subject=unsubscribe" if address else ""
