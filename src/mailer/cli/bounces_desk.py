"""``mailer bounces waiting|apply|dismiss|undo``: what people decide about returned mail, without the desk."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mailer.audience.inquiry_words import time_in_words
from mailer.audience.returned_words import few, group_in_words, kind_in_words
from mailer.bounces import decisions
from mailer.bounces.asking import asking_words
from mailer.bounces.decisions import Held, Waiting
from mailer.bounces.forwarding import people_waiting
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.installation import Installation
from mailer.storage.consequences import Consequence

_OPERATOR = "command line"
"""Who decided, in the reader's history: nobody logs in here."""
_HOW_PROVIDERS = (
    "a provider: decide with “mailer bounces apply NUMBER” (believe it: do not mail them) or "
    "“mailer bounces dismiss NUMBER” (keep mailing)"
)
_HOW_MAILS = (
    "a mail: decide with “mailer bounces apply NUMBER --mail” (unsubscribe them) or "
    "“mailer bounces dismiss NUMBER --mail” (they asked for nothing)"
)
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Guard = Annotated[
    int,
    typer.Argument(
        metavar="NUMBER", min=1, max=2**31 - 1, help="Of a provider, as “bounces waiting” prints it."
    ),
]
_IsMail = Annotated[
    bool, typer.Option("--mail", help="The number is of a mail in which somebody asks to be unsubscribed.")
]


def waiting(context: typer.Context, *, json: _Json = False) -> None:
    """List what waits for a person.

    Providers whose bounces are not believed, mails that ask to leave, and how many letters from people.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Waiting, list[str], int]:
        found = await here.database.read(decisions.waiting)
        people = await here.database.read(lambda tx: people_waiting(tx, here.clock()))
        words = await asking_words(here.database, here.vault, found.proposals)
        return found, words, len(people.keys() - {each.report_id for each in found.proposals})

    found, words, letters = settings.run(work)
    asking = list(zip(found.proposals, words, strict=True))
    if json:
        held = [_held_json(each) for each in found.held]
        mails = [_asking_json(*each) for each in asking]
        print_json({"guards": held, "mails": mails, "letters": letters})
        return
    for each in found.held:
        _say_held(each)
    for proposal, sentence in asking:
        said = f": “{sentence}”" if sentence else ""
        say(f"mail {proposal.id}, {time_in_words(proposal.at)}: somebody wants to leave{said}")
    if letters:
        say(f"letters from people: {letters}; they are read on the desk, under “Returned mail”")
    if found.held:
        say(_HOW_PROVIDERS)
    if asking:
        say(_HOW_MAILS)
    if not (found.held or asking or letters):
        say("nothing waits for you")


def apply(context: typer.Context, number: _Guard, *, mail: _IsMail = False, json: _Json = False) -> None:
    """Believe a provider: do not mail those readers.

    With --mail, unsubscribe who asked for it.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> int:
        if mail:
            await decisions.press_proposal(here.database, here.vault, number, now=here.clock())
            return 1
        now = here.clock()
        return await decisions.apply_held(here.database, number, operator=_OPERATOR, now=now)

    count = settings.run(work)
    sentence = "unsubscribed, with the goodbye" if mail else f"do not mail: {few(count)} readers"
    _tell(sentence, {"readers": count}, json=json)


def dismiss(context: typer.Context, number: _Guard, *, mail: _IsMail = False, json: _Json = False) -> None:
    """Do not believe a provider: keep mailing.

    With --mail, they asked for nothing.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> int:
        database, now = here.database, here.clock()
        if mail:
            await decisions.drop_proposal(database, number, operator=_OPERATOR, now=now)
            return 1
        return await decisions.dismiss(database, number, operator=_OPERATOR, now=now)

    count = settings.run(work)
    sentence = "they stay subscribed" if mail else f"dropped: the bounces of {few(count)} readers"
    _tell(sentence, {"readers": count}, json=json)


def undo(
    context: typer.Context,
    number: Annotated[
        int,
        typer.Argument(
            metavar="NUMBER", min=1, max=2**31 - 1, help="Of a bounce, as “reader show” prints it."
        ),
    ],
    *,
    json: _Json = False,
) -> None:
    """Undo a bounce: mail that reader again.

    For 30 days after it ended their subscriptions.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> None:
        await decisions.undo(here.database, number, operator=_OPERATOR, now=here.clock())

    settings.run(work)
    _tell("undone: the next issue goes to that reader again", {"undone": number}, json=json)


def _say_held(held: Held) -> None:
    guard = held.guard
    say(
        f"provider {guard.id}, {time_in_words(guard.began_at)}: {group_in_words(guard.group)} said “no such "
        f"mailbox” of {few(guard.hard_count)} of {guard.copy_count:,} copies of issue {guard.issue_id}; "
        f"waiting for you: {few(held.count)} readers"
    )
    for each in held.examples:
        why = kind_in_words(each.kind, each.cause, is_refused=each.report_id is None)
        say(f"  {why} ({each.evidence}) {each.reply}".rstrip())


def _held_json(held: Held) -> dict[str, Any]:
    guard = held.guard
    return {
        "number": guard.id,
        "group": guard.group,
        "issue": guard.issue_id,
        "since": guard.began_at,
        "hard": guard.hard_count,
        "copies": guard.copy_count,
        "waiting": held.count,
        "examples": [{"evidence": each.evidence, "reply": each.reply} for each in held.examples],
    }


def _asking_json(proposal: Consequence, sentence: str) -> dict[str, Any]:
    return {"number": proposal.id, "at": proposal.at, "sentence": sentence}


def _tell(sentence: str, told: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(told)
    else:
        say(sentence)
