"""Settings of trying and of what comes back: [sending] of mailer.toml; config.py has the others."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from mailer.domain.domain_name import domain_name
from mailer.domain.return_address import return_path_prefix

DomainOrNone = Annotated[str, AfterValidator(lambda domain: domain and domain_name(domain))]
"""A name in DNS as it travels, or empty."""
PrefixOrNone = Annotated[str, AfterValidator(return_path_prefix)]
"""What may stand before a token in an address, or empty."""


class SendingSettings(BaseModel):
    """[sending]: how copies are tried, and where what comes back is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retry_minutes: tuple[Annotated[float, Field(gt=0)], ...] = (5, 15, 30, 60, 120)
    """Waits before the second, third … try; the last one repeats."""
    return_path_domain: DomainOrNone = ""
    """Domain that bounces come back to; empty takes the sender's."""
    return_path_prefix: PrefixOrNone = ""
    """What stands before the token where a mailbox at a provider's takes what comes back: ``bounces+``;
    at most 8 letters leave room for unsubscribe+ as well."""
    unsubscribe_by_mail: bool | None = None
    """Whether somebody reads what comes to unsubscribe+…@return_path_domain; only then do mails name it.
    Unset: where [returned] or [mailbox] takes it."""

    @field_validator("retry_minutes")
    @classmethod
    def _some(cls, waits: tuple[float, ...]) -> tuple[float, ...]:
        if not waits:
            raise ValueError("is empty; write it as [5, 15, 30, 60, 120]")
        return waits
