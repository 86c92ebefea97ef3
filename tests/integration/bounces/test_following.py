"""What follows from a message that came back: to the right reader, no more than it proves, and once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.domain.consequence import Effect
from mailer.domain.delivery import DeliveryState
from mailer.domain.reply_class import Hardness
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail
from mailer.domain.subscription import Standing
from mailer.domain.token import Token
from mailer.storage import readers
from tests.integration.bounces.sorting_room import FULL, POLICY, UNKNOWN_USER, SortingRoom, address_of
from tests.integration.storage.scene import SLUG


def test_a_clear_word_ends_every_subscription(room: SortingRoom) -> None:
    """A mailbox that is gone is gone for every newsletter; the address stays sealed, for an undo."""
    (reader_id,) = room.subscribe(to=(SLUG, "other"))
    issue_id = room.send()

    assert room.come_back(reader_id, issue_id) is Effect.SUPPRESSED

    assert [room.standing(reader_id, slug) for slug in (SLUG, "other")] == [Standing.BOUNCED] * 2
    assert [row["reason"] for row in room.store.rows("suppression")] == [Standing.BOUNCED]
    assert room.reader(reader_id).sealed_address is not None


def test_copies_that_wait_are_left_out(room: SortingRoom) -> None:
    """Nothing more goes to a mailbox that is gone, in the same commit."""
    (reader_id,) = room.subscribe(to=(SLUG, "other"))
    first, second = room.send(), room.send(slug="other")
    room.set_copy(second, reader_id, DeliveryState.QUEUED)

    room.come_back(reader_id, first)

    assert room.copies(second) == {reader_id: DeliveryState.SKIPPED}


def test_the_evidence_is_written_down_without_an_address(room: SortingRoom) -> None:
    """The rule, the code and the words, masked."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()

    room.come_back(reader_id, issue_id, status="5.1.1", reply_code=550)

    (row,) = room.store.rows("consequence")
    assert (row["evidence"], row["status"], row["reply_code"]) == ("text:no-mailbox", "5.1.1", 550)
    assert "User unknown" in row["reply"]
    assert "reader1" not in row["reply"]


@pytest.mark.parametrize("said", [POLICY, FULL, "451 4.7.1 Greylisted", "", "554 5.3.4 Message too big"])
def test_nothing_else_ends_a_subscription(room: SortingRoom, said: str) -> None:
    """Not once, and not ten times within a week."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()

    effects = {room.come_back(reader_id, issue_id, said) for _ in range(10)}

    assert effects <= {Effect.NONE, Effect.STRIKE}
    assert room.standing(reader_id) is Standing.ACTIVE


def test_a_full_mailbox_is_given_up_after_weeks(room: SortingRoom) -> None:
    """Four issues, three weeks from the first to the last."""
    (reader_id,) = room.subscribe()
    effects = []
    for week in (44, 45, 46, 47):
        effects.append(room.come_back(reader_id, room.send(week=week), FULL))
        room.wait(weeks=1)

    assert effects == [Effect.STRIKE] * 3 + [Effect.SUPPRESSED]
    assert room.standing(reader_id) is Standing.BOUNCED


def test_a_refusal_of_ours_neither_counts_nor_clears(room: SortingRoom) -> None:
    """A copy that came back because of us says nothing of the mailbox, for it or against it."""
    (reader_id,) = room.subscribe()
    effects = []
    for week, said in zip(range(43, 49), (FULL, POLICY, POLICY, FULL, POLICY, FULL), strict=True):
        effects.append(room.come_back(reader_id, room.send(week=week), said))
        room.wait(weeks=1)

    assert effects == [
        Effect.STRIKE,
        Effect.NONE,
        Effect.NONE,
        Effect.STRIKE,
        Effect.NONE,
        Effect.SUPPRESSED,
    ]


def test_a_copy_that_arrives_clears_strikes(room: SortingRoom) -> None:
    """Somebody emptied the mailbox in between."""
    (reader_id,) = room.subscribe()
    for week in (43, 44, 45, 46, 47, 48):
        issue_id = room.send(week=week)
        if week != 45:
            room.come_back(reader_id, issue_id, FULL)
        room.wait(weeks=1)

    assert room.standing(reader_id) is Standing.ACTIVE


def test_who_confirms_anew_begins_anew(room: SortingRoom) -> None:
    """Neither strikes nor a late report of an older copy count against who has confirmed since."""
    (reader_id,) = room.subscribe()
    old = room.send(week=44)
    room.come_back(reader_id, old, FULL)
    room.wait(weeks=2)
    room.store.write(
        lambda tx: readers.set_standing(tx, reader_id, SLUG, Standing.ACTIVE, consent_at=room.now)
    )

    assert room.come_back(reader_id, old) is Effect.NONE
    assert room.standing(reader_id) is Standing.ACTIVE


@pytest.mark.parametrize("state", [DeliveryState.QUEUED, DeliveryState.SKIPPED, DeliveryState.DEFERRED])
def test_a_copy_that_never_went_out_cannot_come_back(room: SortingRoom, state: DeliveryState) -> None:
    """Whoever says so has made it up."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.set_copy(issue_id, reader_id, state, settled_at=None)

    assert room.follow(room.bounce(reader_id, issue_id)) == []
    assert room.standing(reader_id) is Standing.ACTIVE


def test_a_bounce_without_our_token_is_about_nobody(room: SortingRoom) -> None:
    """The address in it is the reader's, and means nothing: anybody can write it."""
    (reader_id,) = room.subscribe()
    room.send()
    mail = ReturnedMail(MailKind.BOUNCE, (Notice(address_of(reader_id), text=UNKNOWN_USER),))

    for recipient in ("", "bounces@returns.example.org", "a" * 44 + "@returns.example.org"):
        assert room.follow(room.read(mail, recipient)) == []

    assert room.standing(reader_id) is Standing.ACTIVE


@pytest.mark.parametrize("place", ["envelope_id", "return_path", "unsubscribe"])
def test_the_token_may_stand_in_the_report(room: SortingRoom, place: str) -> None:
    """Where a relay overwrites the return path: as ENVID, or in the returned header."""
    (reader_id,) = room.subscribe()
    path = room.return_path(reader_id, room.send())
    token = path.partition("@")[0]
    values = {
        "envelope_id": token.upper(),
        "return_path": path,
        "unsubscribe": f"<https://example.org/x>, <mailto:unsubscribe+{token}@example.org?subject=x>",
    }
    notice = Notice(address_of(reader_id), text=UNKNOWN_USER)
    mail = replace(ReturnedMail(MailKind.BOUNCE, (notice,)), **{place: values[place]})  # type: ignore[arg-type]

    (written,) = room.follow(room.read(mail))

    assert written.effect is Effect.SUPPRESSED


def test_an_unsubscribe_link_can_only_unsubscribe(room: SortingRoom) -> None:
    """It stands in every forwarded copy; its owner is told, and can undo it."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    link = room.keys.link.link(Token(room.reader(reader_id).public_id, issue_id))
    unsubscribe = f"<https://example.org/u/{link}>"
    notice = Notice(address_of(reader_id), text=UNKNOWN_USER)

    (bounced,) = room.follow(room.read(ReturnedMail(MailKind.BOUNCE, (notice,), unsubscribe=unsubscribe)))
    (complained,) = room.follow(room.read(ReturnedMail(MailKind.COMPLAINT, unsubscribe=unsubscribe)))

    assert (bounced.effect, complained.effect) == (Effect.STRIKE, Effect.UNSUBSCRIBED)
    assert room.standing(reader_id) is Standing.UNSUBSCRIBED
    assert [row["kind"] for row in room.store.rows("letter")] == ["goodbye"]


@pytest.mark.parametrize("address", ["old.account@example.net", "somebody@example.org", "somebody"])
def test_a_forwarded_mail_does_not_condemn_who_forwarded_it(room: SortingRoom, address: str) -> None:
    """The mailbox that is gone is another one."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()

    effect = room.come_back(reader_id, issue_id, address=address)

    assert effect is Effect.NONE
    assert room.store.rows("consequence")[0]["verdict"] is Hardness.SOFT


@pytest.mark.parametrize(
    "spelling",
    ["READER1@Example.Org", "reader1@mx1.example.org", "reader1"],
)
def test_other_spellings_are_the_readers(room: SortingRoom, spelling: str) -> None:
    """Servers write the host instead of the domain, other case, or the local part alone."""
    (reader_id,) = room.subscribe()

    assert room.come_back(reader_id, room.send(), address=spelling) is Effect.SUPPRESSED


def test_the_original_recipient_counts(room: SortingRoom) -> None:
    """An alias that the relay resolved: the final recipient is unknown to us, the original is the reader."""
    (reader_id,) = room.subscribe()

    effect = room.come_back(
        reader_id, room.send(), address="mailbox17@store.example.net", also=(address_of(reader_id),)
    )

    assert effect is Effect.SUPPRESSED


def test_of_several_recipients_only_ours_counts(room: SortingRoom) -> None:
    """What a report says of others is not said of the reader."""
    (reader_id,) = room.subscribe()
    others = Notice("somebody@example.net", text=UNKNOWN_USER)
    theirs = Notice(address_of(reader_id), text=FULL)
    path = room.return_path(reader_id, room.send())

    (written,) = room.follow(room.read(ReturnedMail(MailKind.BOUNCE, (others, theirs)), path))

    assert written.effect is Effect.STRIKE


def test_a_complaint_ends_everything_at_once(room: SortingRoom) -> None:
    """Of every newsletter; the address is forgotten, its keyed hash keeps old lists from bringing it back."""
    (reader_id,) = room.subscribe(to=(SLUG, "other"))
    path = room.return_path(reader_id, room.send())

    (written,) = room.follow(room.read(ReturnedMail(MailKind.COMPLAINT, feedback_type="abuse"), path))

    assert written.effect is Effect.SUPPRESSED
    assert [room.standing(reader_id, slug) for slug in (SLUG, "other")] == [Standing.COMPLAINED] * 2
    assert room.reader(reader_id).sealed_address is None
    assert [row["reason"] for row in room.store.rows("suppression")] == [Standing.COMPLAINED]


def test_who_got_a_mail_sent_on_complains_for_themselves(room: SortingRoom) -> None:
    """The reader is told, and can undo it: they may like what somebody else calls spam."""
    (reader_id,) = room.subscribe()
    path = room.return_path(reader_id, room.send())
    mail = ReturnedMail(MailKind.COMPLAINT, (Notice("friend@example.net"),), feedback_type="abuse")

    (written,) = room.follow(room.read(mail, path))

    assert written.effect is Effect.UNSUBSCRIBED
    assert written.evidence == "complaint:abuse, of another address"
    assert [row["kind"] for row in room.store.rows("letter")] == ["goodbye"]


def test_a_bounce_months_later_is_nobodys(room: SortingRoom) -> None:
    """No mail server keeps a copy so long; who kept its token may write one."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.wait(days=31)

    assert room.come_back(reader_id, issue_id) is Effect.NONE
    assert room.standing(reader_id) is Standing.ACTIVE


def test_nothing_bounces_to_where_people_leave(room: SortingRoom) -> None:
    """That address stands in every header, and no mail of ours comes from it: such a report is made up."""
    (reader_id,) = room.subscribe()
    path = room.return_path(reader_id, room.send())
    mail = room.bounce(reader_id, 1).mail

    assert room.follow(room.read(mail, f"unsubscribe+{path}")) == []
    assert room.standing(reader_id) is Standing.ACTIVE


def test_an_unsubscribe_by_mail_is_one(room: SortingRoom) -> None:
    """From whomever it comes, with the goodbye and its way back; other newsletters stay."""
    (reader_id,) = room.subscribe(to=(SLUG, "other"))
    path = "unsubscribe+" + room.return_path(reader_id, room.send())

    (written,) = room.follow(room.read(ReturnedMail(MailKind.UNSUBSCRIBE), path, sender="x@example.net"))

    assert written.effect is Effect.UNSUBSCRIBED
    assert [room.standing(reader_id, slug) for slug in (SLUG, "other")] == [
        Standing.UNSUBSCRIBED,
        Standing.ACTIVE,
    ]
    assert [row["kind"] for row in room.store.rows("letter")] == ["goodbye"]


def test_the_word_alone_unsubscribes_only_where_it_belongs(room: SortingRoom) -> None:
    """Sent to any other address of ours it is a person's mail, and a person decides."""
    (reader_id,) = room.subscribe()
    path = room.return_path(reader_id, room.send())

    (written,) = room.follow(room.read(ReturnedMail(MailKind.UNSUBSCRIBE), path))

    assert written.effect is Effect.PROPOSED
    assert room.standing(reader_id) is Standing.ACTIVE


def test_whatever_is_written_where_it_belongs_unsubscribes(room: SortingRoom) -> None:
    """Some mail programs send nothing but their signature."""
    (reader_id,) = room.subscribe()
    path = "Unsubscribe+" + room.return_path(reader_id, room.send()).upper()

    (written,) = room.follow(room.read(ReturnedMail(MailKind.HUMAN), path))

    assert written.effect is Effect.UNSUBSCRIBED


def test_who_asks_by_hand_is_proposed_once(room: SortingRoom) -> None:
    """By token, or by the sender's address; a person presses, so nothing changes yet."""
    (first, second) = room.subscribe(2)
    room.send()
    by_token = room.read(ReturnedMail(MailKind.HUMAN), room.return_path(first, None), writes_to_leave=True)
    by_sender = room.read(ReturnedMail(MailKind.HUMAN), sender=address_of(second), writes_to_leave=True)

    written = room.follow(by_token, by_token, by_sender)

    assert [(each.reader_id, each.effect) for each in written] == [
        (first, Effect.PROPOSED),
        (second, Effect.PROPOSED),
    ]
    assert room.standing(first) is Standing.ACTIVE


@pytest.mark.parametrize("kind", [MailKind.SUCCESS, MailKind.RECEIPT, MailKind.STATISTICS, MailKind.HUMAN])
def test_what_is_nobodys_business_is_not_written_down(room: SortingRoom, kind: MailKind) -> None:
    """That somebody got a mail, read it, or wrote to us."""
    (reader_id,) = room.subscribe()
    mail = ReturnedMail(kind, (Notice(address_of(reader_id), text=UNKNOWN_USER),))

    assert room.follow(room.read(mail, room.return_path(reader_id, room.send()))) == []


def test_a_holiday_is_written_down_without_its_words(room: SortingRoom) -> None:
    """Where a reader is, is theirs."""
    (reader_id,) = room.subscribe()
    mail = ReturnedMail(MailKind.AUTO_REPLY, (Notice(None, text="I am in Riga until Monday"),))

    (written,) = room.follow(room.read(mail, room.return_path(reader_id, room.send())))

    assert (written.effect, written.reply) == (Effect.NONE, "")


def test_a_provider_that_proved_itself_may_name_an_address(room: SortingRoom) -> None:
    """Only one to whom we wrote in the last two weeks, and only by a signed door."""
    (reader_id,) = room.subscribe()
    room.send()
    mail = ReturnedMail(MailKind.BOUNCE, (Notice(address_of(reader_id), text=UNKNOWN_USER),))

    assert room.follow(room.read(mail, door="imap")) == []
    room.wait(days=15)
    assert room.follow(room.read(mail, door="ses")) == []
    room.wait(days=-2)
    assert [each.effect for each in room.follow(room.read(mail, door="ses"))] == [Effect.SUPPRESSED]


def test_a_letter_that_comes_back(room: SortingRoom) -> None:
    """A confirmation to a mailbox that does not exist forgets the sign-up; a full one waits."""
    pending, other = room.subscribe(2, standing=Standing.PENDING)

    assert room.come_back(other, None, FULL) is Effect.NONE
    assert room.come_back(pending, None) is Effect.SUPPRESSED

    assert room.standing(pending) is Standing.NONE
    assert room.standing(other) is Standing.PENDING
    assert room.store.rows("suppression") == []


def test_who_is_not_mailed_any_more_stays_as_they_are(room: SortingRoom) -> None:
    """A second report about a mailbox that was given up changes nothing."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.come_back(reader_id, issue_id)
    before = room.store.rows("subscription")

    assert room.come_back(reader_id, issue_id) is Effect.NONE
    assert room.store.rows("subscription") == before
