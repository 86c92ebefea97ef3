"""Mailchimp: the zip of an audience export, one table for each standing.

Email Address,First Name,…,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,…,LAST_CHANGED,…
Email Address,…,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,…      unsubscribed_…csv
Email Address,…,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,…      cleaned_…csv: bounced
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from mailer.audience.moving.entry import Entry, Row, Source, lower
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim
from mailer.errors import InputError

_NOT_SIGNED_UP = ("nonsubscribed", "transactional")


def read(row: Row, terms: Terms) -> Iterator[Entry]:
    """Return what a row says.

    Raises:
        InputError: a date is none, or the file's name no longer says whose table it is.
    """
    address = row.cell("email address", "email")
    if "unsub time" in row.cells:
        yield Entry(row.line, address, terms.list_name, Claim.LEFT, row.moment("unsub time"))
    elif "clean time" in row.cells:
        yield Entry(row.line, address, terms.list_name, Claim.BOUNCED, row.moment("clean time"))
    else:
        name = PurePath(row.place.rpartition(": ")[2]).name.lower()
        if name.startswith(_NOT_SIGNED_UP):
            return
        # Those who never signed up have the same columns as those who did.
        if not name.startswith("subscribed"):
            raise InputError.at(
                row.place,
                None,
                "Mailchimp's own names say who signed up; name it subscribed_….csv as it was in the zip",
            )
        signed_up_at, confirmed_at = row.moment("optin time"), row.moment("confirm time")
        # Single opt-in and lists that somebody uploaded have one time in both, or no address of a browser.
        is_proven = (
            signed_up_at is not None
            and confirmed_at is not None
            and signed_up_at < confirmed_at
            and bool(row.cell("confirm ip"))
        )
        claim = lower(Claim.CONFIRMED if is_proven else Claim.UNCONFIRMED, terms.status)
        yield Entry(row.line, address, terms.list_name, claim, confirmed_at or signed_up_at)


SOURCE = Source("mailchimp", frozenset({"email address", "optin time", "confirm time"}), read)
