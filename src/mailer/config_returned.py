"""Settings of returned mail: [returned], [mailbox] and [webhooks] of mailer.toml; config.py has the others.

Secrets are named by the files they lie in, so that they stand in no settings that people pass around.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_THIS_MACHINE = ("localhost", "::1")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReturnedSettings(_Section):
    """[returned]: where bounces and complaints come in, and what they lead to (docs/returned-mail.md)."""

    smtp: str = ""
    """HOST:PORT on which mail to return_path_domain is taken by SMTP; empty: not at all."""
    lmtp: str = ""
    """The same by LMTP, behind a mail server of your own; HOST:PORT or the path of a socket."""
    certificate: str = ""
    """File of the certificate chain for STARTTLS, from data/; empty: none is offered."""
    certificate_key: str = ""
    """File of its key, from data/."""
    max_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 5_000_000
    """The longest message that is taken."""
    newsroom: str = ""
    """Where people's own mail goes on to that reaches us by mistake; empty keeps it on the desk."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long a returned mail itself is kept, sealed; what followed from it stays."""
    strikes: Annotated[int, Field(ge=2, le=100)] = 3
    """In so many issues a mailbox must have been full or shut …"""
    strike_days: Annotated[int, Field(ge=0, le=365)] = 21
    """… over at least so many days, before its reader is no longer mailed."""
    guard_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    """If more than this share of one provider's copies says "no such mailbox", nobody there is blamed …"""
    guard_copies: Annotated[int, Field(ge=1)] = 50
    """… where an issue had at least so many copies for it."""
    guard_times: Annotated[float, Field(ge=1)] = 5
    """… or if the share is so many times what it usually is there."""

    @field_validator("smtp", "lmtp")
    @classmethod
    def _host_and_port(cls, door: str) -> str:
        if not door or door.startswith("/"):
            return door
        host, _, port = door.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest port
            raise ValueError(
                "is neither HOST:PORT nor the whole path of a socket; write it as 127.0.0.1:2525"
            )
        return door


class MailboxSettings(_Section):
    """[mailbox]: a mailbox at a provider's that returned mail arrives in, read by IMAP."""

    host: str = ""
    """Its server; empty: none is read."""
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    tls: Literal["tls", "starttls", "none"] = "tls"
    username: str = ""
    password_file: str = "keys/mailbox.password"  # noqa: S105 - a path
    """File that holds the password alone, from data/."""
    folder: str = "INBOX"
    every_seconds: Annotated[int, Field(ge=5, le=86_400)] = 60
    """How often it is looked into."""
    delete: bool = False
    """Whether what was taken over is removed there; else it is marked as read."""

    @model_validator(mode="after")
    def _in_the_open_only_here(self) -> Self:
        here = not self.host or self.host in _THIS_MACHINE or self.host.startswith("127.")
        if self.tls == "none" and not here:
            raise ValueError(
                'tls is "none", which shows password and addresses to the network between; write "tls" or '
                '"starttls", for only a server on this machine (127.0.0.1) may be without'
            )
        return self


class WebhooksSettings(_Section):
    """[webhooks]: providers that report by calling our pages, at /hooks/NAME; empty: not taken."""

    ses_topics: tuple[str, ...] = ()
    """ARNs of the SNS topics that are believed."""
    sendgrid_public_key: str = ""
    """The verification key, as SendGrid shows it (base64)."""
    mailgun_key_file: str = ""
    """File that holds the webhook signing key alone, from data/."""
    postmark_password_file: str = ""
    """File that holds the password of basic authentication (user mailer), from data/."""
    brevo_token_file: str = ""
    """File that holds the bearer token, from data/."""

    @field_validator("ses_topics", mode="before")
    @classmethod
    def _topics(cls, topics: object) -> object:
        is_list = isinstance(topics, list | tuple) and all(str(each).startswith("arn:aws") for each in topics)
        if not is_list:
            raise ValueError(
                "is not a list of SNS topics; write it as "
                '["arn:aws:sns:eu-central-1:123456789012:returned"], as Amazon shows the topic'
            )
        return topics
