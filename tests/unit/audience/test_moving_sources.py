"""Each service's files are read for what they prove; whatever a file holds, only the stated error is raised.

The samples in tests/samples/moving have each service's own columns, as its exports have them; the people
in them are nobody.
"""

from __future__ import annotations

import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.moving.entry import Entry
from mailer.audience.moving.part import Part, parts_of
from mailer.audience.moving.reading import recognise
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim
from mailer.domain.language import Language
from mailer.errors import InputError, MailerError, UsageError

SAMPLES = Path(__file__).parents[2] / "samples" / "moving"
BE, RU, EN = Language
SEEN = datetime(2024, 3, 1, 10, 20, tzinfo=UTC)
TERMS = Terms("weekly", (BE, RU, EN), {"Weekly BE": BE, "Weekly RU": RU}, list_name="News")
C, U, L, B, X = Claim.CONFIRMED, Claim.UNCONFIRMED, Claim.LEFT, Claim.BLOCKED, Claim.BOUNCED


def read(*files: Path | bytes, terms: Terms = TERMS, named: str | None = None) -> list[Entry]:
    """Return everything that files say."""
    parts = [part for file in files for part in ([told(file)] if isinstance(file, bytes) else parts_of(file))]
    return [entry for part in parts for entry in recognise(part, named).entries(terms)]


def told(content: bytes) -> Part:
    """Return *content* as a file."""
    return Part("readers.csv", lambda: BytesIO(content))


def claims(entries: list[Entry]) -> list[tuple[str, str, Claim]]:
    """Return who, on which list, with what standing."""
    return [(entry.address.partition("@")[0], entry.list_name, entry.claim) for entry in entries]


EXPECTED = {
    "listmonk.sql": [
        ("one", "Weekly BE", C),
        ("two", "Weekly BE", C),
        ("two", "Weekly RU", C),
        ("three", "Weekly BE", L),
        ("three", "Weekly RU", C),
        ("four", "Announcements", U),  # confirmed, but on a list of single opt-in
        ("five", "Weekly BE", B),
        ("six", "Weekly BE", X),
        ("seven", "Weekly BE", U),
        ("eight", "Weekly RU", L),
    ],
    "listmonk-api.json": [("one", "Weekly BE", C), ("five", "Weekly BE", B)],
    "subscribed_email_audience_export_1a2b.csv": [
        ("one", "News", C),
        ("two", "News", U),  # both times are one: single opt-in, or uploaded
        ("three", "News", U),
    ],
    "unsubscribed_email_audience_export_1a2b.csv": [("four", "News", L)],
    "cleaned_email_audience_export_1a2b.csv": [("five", "News", X)],
    "nonsubscribed_email_audience_export_1a2b.csv": [],
    "keila.csv": [("one", "News", C), ("two", "News", U), ("three", "News", L), ("four", "News", X)],
    "phplist.csv": [
        ("one", "weekly be", C),
        ("one", "weekly ru", C),
        ("two", "weekly ru", U),
        ("three", "weekly be", B),
    ],
    "ghost.csv": [("one", "News", U), ("two", "News", L), ("three", "News", L)],
    "substack.csv": [("one", "News", U), ("two", "News", L)],
    "plain.json": [("one", "Weekly BE", L), ("two", "Weekly RU", U)],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_service_is_recognised_and_read(name: str) -> None:
    """Nobody needs to say where a file is from; confirmed is only who the file proves it of."""
    assert sorted(claims(read(SAMPLES / name))) == sorted(EXPECTED[name])


def test_a_block_is_read_of_who_is_on_no_list() -> None:
    """In listmonk and phpList that is whoever was blocked without signing up, or was taken off every list."""
    dump = (SAMPLES / "listmonk.sql").read_bytes().replace(b"{}\tenabled", b"{}\tblocklisted")
    object_ = b'[{"uuid": "x", "email": "ten@example.org", "status": "blocklisted", "lists": []}]'
    phplist = (
        b"email,Is this subscriber confirmed,Is this subscriber blacklisted,List Membership\n"
        b"eleven@example.org,1,1,No Lists\n"
    )

    found = [*read(dump), *read(object_), *read(phplist, terms=replace(TERMS, list_name=""))]

    of_none = [name for name, list_name, claim in claims(found) if not list_name and claim is B]
    assert of_none == ["nine", "ten", "eleven"]


def test_every_sample_is_read() -> None:
    """A sample that no test names proves nothing."""
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize(
    ("header", "unread"),
    [
        ("email,status", ()),
        ("Эл. почта;Имя;Язык", ("Имя",)),
        ("Электронная пошта\tІмя\tМова", ("Імя",)),
        ("E-Mail,Language,Lang,First_Name,,City", ("Lang", "First_Name", "City")),
        ("email,unsubscribed", ()),  # looked at, and refused where it says yes
        ("email,name@example.org", ("number 2",)),
    ],
)
def test_columns_that_are_not_read_are_named(header: str, unread: tuple[str, ...]) -> None:
    """As they are written, so that nobody believes that a language came along."""
    assert recognise(told(f"{header}\n".encode()), None).unread == unread


def test_what_a_json_file_holds_besides_is_named() -> None:
    """As its first object has it."""
    assert recognise(told('[{"email": "x", "Горад": 1}]'.encode()), None).unread == ("Горад",)


@pytest.mark.parametrize(
    ("header", "cell", "language"),
    [("Эл. почта,Язык", "Русский", RU), ("Адрас,Мова", "беларуская", BE), ("E-mail,Lang", "EN", EN)],
)
def test_a_table_may_be_written_in_our_languages(header: str, cell: str, language: Language) -> None:
    """Names of columns and of languages, as a newsroom writes them."""
    entries = read(f"{header}\none@example.org,{cell}\n".encode(), terms=replace(TERMS, status=U))

    assert [(each.address, each.language) for each in entries] == [("one@example.org", language)]


VOUCHED = replace(TERMS, status=C, source="at the fair", since=SEEN)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("unsubscribed_at", "2026-01-02"),
        ("Unsubscribe date", "2026-01-02"),
        ("opted_out", "yes"),
        ("Отписан", "да"),
        ("Адпісаўся", "2026-01-02"),
        ("Bounced", "1"),
        ("blacklisted", "true"),
        ("deleted_at", "2026-01-02"),
        ("subscribed", "no"),
        ("Is confirmed", "0"),
    ],
)
def test_a_column_that_says_who_left_is_not_passed_over(column: str, cell: str) -> None:
    """Else one word about all lines would bring in those whom the file itself calls gone."""
    with pytest.raises(InputError, match="status"):
        read(f"email,{column}\none@example.org,{cell}\n".encode(), terms=VOUCHED)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("unsubscribed_at", ""),
        ("opted_out", "no"),
        ("subscribed", "yes"),
        ("leftovers", "pie"),
        ("unsub@example.net", "1"),
    ],
)
def test_other_columns_are_passed_over(column: str, cell: str) -> None:
    """Nothing in them says that somebody is gone."""
    found = read(f"email,{column}\none@example.org,{cell}\n".encode(), terms=VOUCHED)

    assert claims(found) == [("one", "News", C)]


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("listmonk.sql", SEEN.replace(microsecond=500_000)),
        ("listmonk-api.json", SEEN.replace(microsecond=500_000)),
        ("subscribed_email_audience_export_1a2b.csv", SEEN.replace(minute=25)),
        ("keila.csv", SEEN.replace(minute=25)),
        ("phplist.csv", SEEN),
        ("ghost.csv", SEEN),
        ("substack.csv", SEEN),
    ],
)
def test_the_date_of_consent_comes_along(name: str, seen: datetime) -> None:
    """It goes into the consent record, in UTC."""
    assert read(SAMPLES / name)[0].at == seen


def test_a_zip_is_read_as_it_was_downloaded(tmp_path: Path) -> None:
    """Mailchimp's zip holds one table for each standing; what macOS adds is passed over."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for sample in SAMPLES.glob("*audience*"):
            archive.write(sample, f"sub folder/{sample.name}")
        archive.writestr("__MACOSX/._subscribed.csv", b"\0\5\x16\7")

    assert len(read(path)) == 5


@pytest.mark.parametrize(
    ("signed_up", "confirmed", "ip", "claim"),
    [
        ("2024-03-01 10:20:00", "2024-03-01 10:25:00", "192.0.2.1", C),
        ("2024-03-01 10:20:00", "2024-03-01 10:20:00", "192.0.2.1", U),
        ("2024-03-01 10:20:00", "2024-03-01 10:25:00", "", U),
        ("2024-03-01 10:20:00", "", "192.0.2.1", U),
        ("", "2024-03-01 10:25:00", "192.0.2.1", U),
    ],
)
def test_mailchimp_proves_by_two_times_and_a_browser(
    tmp_path: Path, signed_up: str, confirmed: str, ip: str, claim: Claim
) -> None:
    """Single opt-in and uploads leave one time in both columns, or no address of a browser."""
    path = tmp_path / "subscribed_1.csv"
    path.write_text(
        f"Email Address,OPTIN_TIME,CONFIRM_TIME,CONFIRM_IP\none@example.org,{signed_up},{confirmed},{ip}\n"
    )

    assert [entry.claim for entry in read(path)] == [claim]


def test_mailchimps_tables_need_their_names() -> None:
    """Those who never signed up have the same columns as those who did."""
    content = (SAMPLES / "subscribed_email_audience_export_1a2b.csv").read_bytes()

    with pytest.raises(InputError, match="Mailchimp's own names say who signed up"):
        read(content)


def test_a_csv_of_listmonks_is_refused_without_list_and_status() -> None:
    """It names no list, and “enabled” says nothing about consent."""
    content = b"uuid,email,name,attributes,status\naa,one@example.org,One,{},enabled\n"

    with pytest.raises(InputError, match="add --list NAME"):
        read(content, terms=Terms("weekly", (BE,)))
    with pytest.raises(InputError, match="add --status"):
        read(content)
    with pytest.raises(InputError, match="which nothing in the file proves: add --source"):
        read(content, terms=Terms("weekly", (BE,), list_name="News", status=C))
    vouched = Terms("weekly", (BE,), list_name="News", status=C, source="the form", since=SEEN)
    assert [(entry.claim, entry.at) for entry in read(content, terms=vouched)] == [(C, SEEN)]


def test_a_line_goes_lower_than_what_is_said_of_all() -> None:
    """--status confirmed does not bring back who left."""
    vouched = Terms("weekly", (BE,), list_name="News", status=C, source="the form", since=SEEN)
    content = b"email,status\none@example.org,unsubscribed\ntwo@example.org,blocklisted\n"

    assert [entry.claim for entry in read(content, terms=vouched)] == [L, B]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfEMAIL;Status\r\none@example.org;left\r\n",
        b"E-Mail\tstatus\n one@example.org \tLEFT\n\n",
        "Email Address|STATUS\n\u00a0one@example.org\u00a0|left\u200b\n".encode(),
        "Email,Status\none@example.org,left".encode("utf-16"),
        b'e_mail,"note",status\none@example.org,"two\nlines, one cell",left\n',
        b'{"email": "one@example.org", "status": "left"}\n{"email": "two@example.org", "status": "left"}\n',
        b'[{"E-Mail": "one@example.org", "Status": "Left", "n": null}]',
    ],
)
def test_tables_are_read_as_programs_save_them(content: bytes) -> None:
    """BOM, UTF-16, semicolons, tabs, CRLF, NBSP, marks nobody sees, mixed case, lines within cells, JSON."""
    first = read(content)[0]

    assert (first.address.strip(), first.claim) == ("one@example.org", L)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        ("email,status\nsecret@example.org,left\n".encode("utf-16-le"), "UTF-16 without the mark"),
        ("пошта;статус\nsecret@example.org;left\n".encode("utf-16-be"), "UTF-16 without the mark"),
        (b"name,age\nsecret@example.org,3\n", "no column is called “email”"),
        (b'email,status\none@example.org,"left\n', "readers.csv, line 2: the table breaks off here"),
        (b"email,status\none@example.org,left,extra\n", "line 2: this line has more cells"),
        ("email,status\nжанна@example.org,left\n".encode("cp1251"), "line 2: .*windows-1251"),
        ("email,status\nrené@example.org,left\n".encode("cp1252"), "line 2: .*windows-1252"),
        (b"email,status\none@example.org,secret\n", "line 2: column “status” is none of confirmed"),
        (b"email,status,date\none@example.org,left,3/4/2024\n", "column “date” is no date"),
        (b"email,status,language\none@example.org,left,de\n", "column “language” is none of be, ru, en"),
        (b"email,status,status\none@example.org,left,confirmed\n", "two columns are called “status”"),
        (b"PGDMP\1\2", "only pg_restore reads"),
        (b"-- a dump\nCREATE TABLE x;\n", "no list of listmonk’s in it"),
        (b"-- a dump\nINSERT INTO public.subscribers VALUES (1);\n", "made with --inserts"),
        (b"COPY public.lists (id, name, optin) FROM stdin;\n1\tA\tdouble\n", "the dump is cut off"),
        (b"COPY public.lists (id, name, optin) FROM stdin;\n1\tA\n\\.\n", "line 2: .*damaged"),
        (b"[1, 2]", "line 1: there is no object here"),
        (b'{"email": "secret@example.org"', "this is no JSON"),
        (b'{"data": 3}\n', "add --status"),
        (b"id,email,subscribed_to_emails\n1,secret@example.org,maybe\n", "says neither yes nor no"),
        (b"PK\x03\x04 no zip", "no column is called"),
    ],
)
def test_what_can_not_be_read_is_named_by_its_place(content: bytes, words: str) -> None:
    """File, line and column, and nothing of what stands there."""
    with pytest.raises(InputError, match=words) as caught:
        read(content)

    assert "secret" not in str(caught.value)
    assert "example" not in str(caught.value)


def test_another_service_than_the_one_named_is_refused() -> None:
    """Read as a plain table, a Ghost export would lose who left."""
    with pytest.raises(UsageError, match="is read as ghost; leave --from out"):
        read(SAMPLES / "ghost.csv", named="csv")


def test_the_same_fault_is_told_once() -> None:
    """A thousand lines with one fault are one sentence."""
    content = b"email,status\n" + b"one@example.org,oh\n" * 1_000

    with pytest.raises(InputError, match=r"line 2: .* \(and 999 more lines\)$"):
        read(content)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    """By what it says of its files: no more than that is ever read of them."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readers.csv", "email,status\n")
    packed = bytearray(path.read_bytes())
    # PKWARE APPNOTE 4.3.12: the uncompressed size, 24 bytes into the entry of the central directory.
    at = packed.index(b"PK\1\2") + 24

    struct.pack_into("<L", packed, at, 2_000_000_000)
    path.write_bytes(packed)
    assert len(parts_of(path)) == 1

    struct.pack_into("<L", packed, at, 2_000_000_001)
    path.write_bytes(packed)
    with pytest.raises(InputError, match="unpacks to more than 2 GB"):
        parts_of(path)


def test_a_damaged_zip_is_one_sentence(tmp_path: Path) -> None:
    """Whatever zipfile makes of it."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("subscribed.csv", (SAMPLES / "keila.csv").read_bytes() * 50)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut] + bytes(byte ^ 0x55 for byte in whole[cut : cut + 3]) + whole[cut + 3 :])
        try:
            read(path)
        except MailerError:
            continue


_HEADS = st.sampled_from(
    [
        b"",
        b"email,status\n",
        b"\xef\xbb\xbfemail;list;status;date\r\n",
        b"\xff\xfee\0m\0a\0i\0l\0\n\0",
        b"Email,First name,Last name,Data,Status\n",
        b"Email Address,OPTIN_TIME,CONFIRM_TIME\n",
        b"Email,Is this subscriber confirmed,Is this subscriber blacklisted,List Membership\n",
        b"email,subscribed_to_emails,created_at\n",
        b"email,active_subscription,email_disabled\n",
        b"COPY lists (id, name) FROM stdin;\n1\tA\n\\.\nCOPY subscribers (id, email, status) FROM stdin;\n",
        b'{"data": {"results": [{"uuid": 1, "lists": [',
        b"[",
        b"{",
    ]
)
_SNIPPETS = st.lists(
    st.sampled_from([b",", b";", b"\t", b"\n", b"\r", b'"', b"\\N", b"\\", b"\0", b"1", b"a@example.org"])
    | st.binary(max_size=6)
).map(b"".join)


@given(_HEADS, _SNIPPETS)
def test_any_bytes_raise_only_the_stated_error(head: bytes, rest: bytes) -> None:
    """Whatever a file holds, it is read or refused."""
    try:
        read(head + rest)
    except MailerError as error:
        assert "a@example" not in str(error)  # noqa: PT017 - it need not be raised


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["email", "status", "lists", "uuid", "name", "data", "results", "optin", "date"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(_VALUES)
def test_any_json_raises_only_the_stated_error(value: object) -> None:
    """Whatever JSON a file holds, it is read or refused."""
    import orjson

    try:
        content = orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        return
    try:
        read(content)
    except MailerError:
        return
