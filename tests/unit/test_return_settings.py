"""Where mail comes back to: only where somebody reads it do mails name an address to leave by."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.config import load_settings
from mailer.errors import SettingsError

OWN = '[sending]\nreturn_path_domain = "bounces.example.org"\n'


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (OWN, ("", "")),
        (OWN + '[returned]\nsmtp = "127.0.0.1:2525"\n', ("bounces.example.org", "")),
        (OWN + '[returned]\nlmtp = "/run/mailer.sock"\n', ("bounces.example.org", "")),
        (OWN + '[mailbox]\nhost = "imap.example.org"\n', ("bounces.example.org", "")),
        (
            OWN + 'return_path_prefix = "Bounces+"\n[mailbox]\nhost = "imap.example.org"\n',
            ("bounces.example.org", "bounces+"),
        ),
        (OWN + "unsubscribe_by_mail = true\n", ("bounces.example.org", "")),
        (OWN + 'unsubscribe_by_mail = false\n[returned]\nsmtp = "127.0.0.1:2525"\n', ("", "")),
        ('[returned]\nsmtp = "127.0.0.1:2525"\n', ("", "")),
    ],
)
def test_mails_name_an_address_to_leave_by_where_somebody_reads_it(
    tmp_path: Path, lines: str, expected: tuple[str, str]
) -> None:
    """By a door or a mailbox of ours, unless the settings say otherwise; the domain has to be known."""
    (tmp_path / "mailer.toml").write_text(lines, "utf-8")

    assert load_settings(tmp_path).unsubscribe_at == expected


def test_a_prefix_that_hides_the_token_is_refused(tmp_path: Path) -> None:
    """In one sentence that says how to write it."""
    (tmp_path / "mailer.toml").write_text('[sending]\nreturn_path_prefix = "bounces"\n', "utf-8")

    with pytest.raises(
        SettingsError, match=r"\[sending\] return_path_prefix is not the beginning of an addr"
    ):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[returned]\nlmtp = "run/lmtp"\n', "lmtp is neither HOST:PORT nor the whole path of a socket"),
        ('[webhooks]\nses_topics = "arn:aws:sns:eu-central-1:123456789012:returned"\n', "write it as"),
        ('[webhooks]\nses_topics = ["returned"]\n', "ses_topics is not a list of SNS topics"),
    ],
)
def test_what_can_t_be_meant_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    """At the start, and in words that say how to write it: a topic misspelt would lose every bounce."""
    (tmp_path / "mailer.toml").write_text(lines, "utf-8")

    with pytest.raises(SettingsError, match=said):
        load_settings(tmp_path)


def test_a_password_never_crosses_the_network_in_the_open(tmp_path: Path) -> None:
    """Only a mailbox on this machine may be without TLS."""
    (tmp_path / "mailer.toml").write_text('[mailbox]\nhost = "imap.example.org"\ntls = "none"\n', "utf-8")

    with pytest.raises(SettingsError, match="shows password and addresses to the network between"):
        load_settings(tmp_path)
