"""``mailer relay test`` and ``mailer issue test`` against servers that do, and do not, take us."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext

import pytest

from mailer.config import RelaySettings
from mailer.delivery.dialler import Dialler
from mailer.delivery.proof import check_relay
from mailer.delivery.timeouts import Timeouts
from mailer.errors import MailerError
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.certificates import Authority, authority, self_signed
from tests.acceptance.commandline import Installed, Ran
from tests.acceptance.scripted_server import scripted_server

PASSWORD = "a-secret-of-28-letters-long"
NO_TLS = "250-mail.example.org\r\n250 SIZE 1000000"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


def at(installed: Installed, port: int, *verb: str, tls: str = "none", **more: str) -> Ran:
    """Run *verb*, else ``relay test``, with the outgoing server on that port of localhost."""
    relay = {"HOST": "localhost", "PORT": str(port), "TLS": tls}
    environment = {f"MAILER_RELAY__{name}": value for name, value in relay.items()} | more
    return installed(*(verb or ("relay", "test")), environment=environment)


def with_login(signer: Authority) -> dict[str, str]:
    return {
        "SSL_CERT_FILE": str(signer.file),
        "MAILER_RELAY__USERNAME": "newsroom",
        "MAILER_RELAY__PASSWORD": PASSWORD,
    }


def test_a_server_that_takes_us_is_reported(installed: Installed, signer: Authority) -> None:
    """It has seen TLS and the login, and no mail."""
    with scripted_server(signer.context("localhost")) as server:
        ran = at(installed, server.port, tls="starttls", **with_login(signer))

    assert ran.out.decode() == f"localhost, port {server.port} takes us, by TLS, it knows our login\n", ran
    assert [line.split()[0] for line in server.heard] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_a_wrong_password_is_named_and_never_shown(installed: Installed, signer: Authority) -> None:
    """Neither it nor what the server says of it, even where the server repeats it."""
    encoded = base64.b64encode(f"\0newsroom\0{PASSWORD}".encode()).decode()
    refusal = f"535 5.7.8 no: {PASSWORD} {encoded}"
    with scripted_server(signer.context("localhost"), AUTH=refusal) as server:
        ran = at(installed, server.port, tls="starttls", **with_login(signer))

    said = ran.refusal()
    assert said == (
        f"localhost, port {server.port} refuses the login (535); correct username and password in [relay]"
    )
    assert encoded in server.heard[-1]


def test_a_sender_logs_no_password(installed: Installed, signer: Authority) -> None:
    """What ``serve`` would write down of the same refusal holds the status alone."""
    ehlo = "250-mail.example.org\r\n250 AUTH PLAIN"
    with scripted_server(AUTH=f"535 {PASSWORD}", EHLO=ehlo) as server:
        relay = RelaySettings.model_validate(
            {"host": "127.0.0.1", "port": server.port, "tls": "none", "username": "x", "password": PASSWORD}
        )
        with pytest.raises(Exception, match="535") as met:
            asyncio.run(Dialler(relay, "news.example.org").open())

    assert PASSWORD not in str(met.value)


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        (
            lambda signer: self_signed(signer.folder, "localhost"),
            "is not from an authority this machine knows",
        ),
        (lambda signer: signer.context("mail.example.org"), "is for another name; write the name it is for"),
        (lambda signer: signer.context("localhost", from_days=-9, until_days=-1), "has expired; check this"),
        (
            lambda signer: signer.context("localhost", from_days=1, until_days=9),
            "is not valid yet; check this",
        ),
    ],
)
def test_a_certificate_that_does_not_fit_is_named(
    installed: Installed, signer: Authority, certificate: Callable[[Authority], SSLContext], said: str
) -> None:
    """Each in its own way, and no login is sent to a server that may be another."""
    with scripted_server(certificate(signer)) as server:
        ran = at(installed, server.port, tls="starttls", **with_login(signer))

    assert said in ran.refusal()
    assert not [line for line in server.heard if line.startswith("AUTH")]


@pytest.mark.parametrize(
    ("says", "tls", "said"),
    [
        ({"EHLO": NO_TLS}, "starttls", "offers no STARTTLS; check port and tls in [relay]"),
        ({}, "tls", "does not speak TLS like this; port 465 goes with tls = “tls”"),
        ({"CONNECT": "554 5.7.1 Not from your address"}, "none", "it says “554 5.7.1 Not from your address”"),
        ({"CONNECT": "421 Too busy"}, "none", "does not take us; it says “421 Too busy”: ask whoever runs"),
        ({"EHLO": "550 Go away", "HELO": "550 Go away"}, "none", "does not take us; it says “550 Go away”"),
        ({"EHLO": NO_TLS}, "none", "offers no login; leave username and password empty in [relay]"),
        (
            {"EHLO": "250-x.example.org\r\n250 AUTH PLAIN", "AUTH": "454 4.7.0 Later"},
            "none",
            "can’t look at the login now (454); try again in some minutes",
        ),
    ],
)
def test_a_server_that_does_not_take_us_is_explained(
    installed: Installed, signer: Authority, says: dict[str, str], tls: str, said: str
) -> None:
    """One sentence that names the next step."""
    with scripted_server(None, **says) as server:
        ran = at(installed, server.port, tls=tls, **with_login(signer))

    assert said in ran.refusal()
    assert ran.status == 1


def test_where_nothing_listens_host_and_port_are_named(installed: Installed) -> None:
    """Also where one name has several addresses."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    said = at(installed, port).refusal()

    assert said.startswith(
        (f"nothing listens on localhost, port {port};", f"localhost, port {port} can’t be")
    )
    assert "correct host and port in [relay]" in said


def test_a_name_that_nobody_has_is_named(installed: Installed) -> None:
    """The network is blamed only where it gives no answer."""
    ran = installed("relay", "test", environment={"MAILER_RELAY__HOST": "mail.invalid"})

    assert ran.refusal().startswith("the name mail.invalid ")


def test_a_server_that_keeps_silent_is_not_waited_for() -> None:
    """It took the connection and says nothing, as behind a filter."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        relay = RelaySettings(host="127.0.0.1", port=silent.getsockname()[1], tls="none")
        dialler = Dialler(relay, "news.example.org", Timeouts(connect_s=0.2))
        with pytest.raises(MailerError, match="does not answer; correct host and port in"):
            asyncio.run(check_relay(dialler))


def test_without_an_outgoing_server_there_is_nothing_to_test(installed: Installed) -> None:
    """The sentence says where to write it, and a script is not told that all is well."""
    ran = installed("relay", "test")

    assert "no outgoing mail server is set" in ran.refusal()
    assert ran.status == 1


def test_a_draft_is_mailed_in_every_language(drafted: Installed) -> None:
    """Without a reader and with cells that are missing; what is missing is listed, and nothing is stored."""
    before = drafted.dump()
    with scripted_server() as server:
        ran = at(drafted, server.port, "issue", "test", "boss@example.org", "editor@example.net")

    lines = ran.out.decode().splitlines()
    assert ran.status == 0, ran
    assert [line.partition(" (")[0] for line in lines[:6]] == [
        f"{language}, address {number}: taken by the mail provider"
        for language in ("be", "ru", "en")
        for number in (1, 2)
    ]
    assert any(line.startswith("HELD: ") and "no reader has confirmed" in line for line in lines)
    assert all(b"Subject: " in body for body in server.bodies)
    assert len(server.bodies) == 6
    assert drafted.dump() == before


def test_a_refused_copy_ends_with_status_1(drafted: Installed) -> None:
    """The server's words stand there without an address; the other copies are tried all the same."""
    with scripted_server(RCPT="550 5.1.1 <boss@example.org> unknown") as server:
        ran = at(drafted, server.port, "issue", "test", "boss@example.org")

    assert ran.status == 1
    assert ran.out.decode().splitlines()[:3] == [
        f"{language}: refused (550 5.1.1 ‹…› unknown)" for language in ("be", "ru", "en")
    ]
    assert "3 of 3 copies were refused, with the words above; ask whoever runs" in ran.err
    assert "boss" not in ran.err


def test_a_copy_to_the_outbox_needs_no_server(drafted: Installed) -> None:
    """Until one is set, the copies are kept here like every other mail."""
    ran = drafted("issue", "test", "boss@example.org")

    assert ran.status == 0
    assert ran.out.decode().startswith("be: kept in the outbox (")
    assert Mailbox(drafted.folder / "data" / "outbox").count() == 3


def test_a_released_issue_is_mailed_as_readers_get_it(sampled: Installed) -> None:
    """The frozen bytes, whatever the texts say today, and no word about a proof."""
    add = ("reader", "add", "anna@example.org", "--language", "en", "--confirmed-by-operator")
    assert sampled(*add).status == 0
    assert sampled("issue", "build").status == 0
    assert sampled("issue", "release").status == 0

    ran = sampled("issue", "test", "boss@example.org")

    assert "these are the copies that readers get" in ran.out.decode()
    subjects = [mail.subject for mail in Outbox(Mailbox(sampled.folder / "data" / "outbox")).newest(9)]
    assert any(subject.startswith("Situation in Belarus") for subject in subjects)
    assert not [subject for subject in subjects if subject.startswith("Proof")]


@pytest.mark.parametrize("addresses", ["nobody", "a@example.org,b@example.org", "a b@example.org"])
def test_what_is_no_address_is_refused(drafted: Installed, addresses: str) -> None:
    """It does not stand in the refusal."""
    ran = drafted("issue", "test", addresses)

    assert ran.status == 2
    assert "write it as name@example.org" in ran.refusal()
    assert addresses not in ran.err


def test_a_draft_without_texts_is_mailed_to_nobody(installed: Installed) -> None:
    """The sentence says what to bring, and no server is asked."""
    installed("issue", "build")

    ran = at(installed, 1, "issue", "test", "boss@example.org")

    assert ran.status == 1
    assert "there is no ready text to mail; import texts with “state: ready”" in ran.err


def test_sample_texts_are_mailed_to_nobody_elsewhere(sampled: Installed) -> None:
    """A test copy is a mail like others."""
    sampled("issue", "build")

    ran = sampled("issue", "test", "boss@example.org", environment={"MAILER_RELAY__HOST": "mail.invalid"})

    assert ran.status == 1
    assert "sample’s texts, which may not leave this machine" in ran.err


@pytest.fixture
def drafted(installed: Installed, tmp_path: Path) -> Installed:
    """An installation with a draft of all texts but one, and without readers."""
    folder = installed.write_sample()
    (folder / "elite.be.md").unlink()
    assert installed("commentary", "import", folder).status == 0
    assert installed("issue", "build").status == 0
    return installed
