"""Relay profiles: what a copy carries so that a provider hands our token back, and tracks nobody.

Large providers put their own return path on mail and report by webhook. So each copy carries the token
of its return path in whatever field the provider repeats in its events; docs/relays.md has the sources.
Plain mail servers keep the return path, and get no field at all.
"""

from __future__ import annotations

from enum import StrEnum

OURS = "mailer"
"""The key of what we add to a copy: a tag, a variable, metadata, a unique argument."""
OURS_IN_BREVO = "X-Mailin-custom"
"""Brevo hands back one field of the header as it is."""


class RelayProfile(StrEnum):
    """What kind of server the outgoing mail server is."""

    NONE = ""
    """Nothing is added."""
    SES = "ses"
    BREVO = "brevo"
    MAILGUN = "mailgun"
    POSTMARK = "postmark"
    SENDGRID = "sendgrid"
    POSTFIX = "postfix"
    """A mail server of one's own, of any make: it keeps the return path."""
    MAILBOX = "mailbox"
    """A mailbox at a provider's, whose server is used for sending."""

    @property
    def around_token(self) -> tuple[bytes, bytes]:
        """Header fields before and behind the token's 44 letters, CRLF line ends; empty for no field.

        They go above the rest of the message and are not signed: providers take them away again.
        """
        before, _, behind = _FIELDS.get(self, "").partition(_TOKEN)
        return before.encode("ascii"), behind.encode("ascii")


_TOKEN = "TOKEN"  # noqa: S105 - a stand-in, not a secret
_FIELDS = {
    # Letters and digits only; SES repeats tags in the events of a configuration set.
    RelayProfile.SES: f"X-SES-MESSAGE-TAGS: {OURS}={_TOKEN}\r\n",
    RelayProfile.BREVO: f"{OURS_IN_BREVO}: {OURS}:{_TOKEN}\r\n",
    RelayProfile.MAILGUN: f'X-Mailgun-Variables: {{"{OURS}":"{_TOKEN}"}}\r\nX-Mailgun-Track: no\r\n',
    RelayProfile.POSTMARK: (
        f"X-PM-Metadata-{OURS}: {_TOKEN}\r\n"
        "X-PM-TrackOpens: false\r\n"
        "X-PM-TrackLinks: None\r\n"
        # Else Postmark writes a Message-ID of its own.
        "X-PM-KeepID: true\r\n"
    ),
    # JSON may be folded between its words; SendGrid asks for lines below 1,000 letters.
    RelayProfile.SENDGRID: (
        f'X-SMTPAPI: {{"unique_args": {{"{OURS}":\r\n'
        f' "{_TOKEN}"}},\r\n'
        ' "filters": {"clicktrack": {"settings": {"enable": 0}},\r\n'
        ' "opentrack": {"settings": {"enable": 0}},\r\n'
        ' "ganalytics": {"settings": {"enable": 0}},\r\n'
        ' "subscriptiontrack": {"settings": {"enable": 0}}}}\r\n'
    ),
}

_HOSTS = {
    "amazonaws.com": RelayProfile.SES,
    "smtp-relay.brevo.com": RelayProfile.BREVO,
    "smtp-relay.sendinblue.com": RelayProfile.BREVO,
    "mailgun.org": RelayProfile.MAILGUN,
    "postmarkapp.com": RelayProfile.POSTMARK,
    "sendgrid.net": RelayProfile.SENDGRID,
}


def profile_of_host(host: str) -> RelayProfile:
    """Return the profile that a server's name asks for; NONE for one that we do not know."""
    name = host.lower().rstrip(".")
    found = (profile for known, profile in _HOSTS.items() if name == known or name.endswith(f".{known}"))
    return next(found, RelayProfile.NONE)


def profile_mismatch(profile: RelayProfile, host: str) -> str:
    """Return what to write in the settings where a server's name and the profile differ, else nothing."""
    fitting = profile_of_host(host)
    if fitting is profile or fitting is RelayProfile.NONE:
        return ""
    return (
        f'{host} looks like the server that profile = "{fitting}" is for; write that in [relay], so that '
        "bounces find their readers (docs/relays.md)"
    )
