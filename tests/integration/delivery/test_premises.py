"""What is refused before anything is opened: somebody else's data, links in the clear."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailer.delivery.premises import check_data_is_ours, check_links_are_private
from mailer.errors import MailerError, SettingsError


def test_our_own_folder_passes(tmp_path: Path) -> None:
    """Whoever made it may use it."""
    check_data_is_ours(tmp_path, os.geteuid())


@pytest.mark.parametrize(("user_id", "name"), [(4_000_000_001, "user 4000000001")])
def test_another_users_folder_is_refused(tmp_path: Path, user_id: int, name: str) -> None:
    """Root too is told whom it belongs to, and how to run as that user."""
    with pytest.raises(MailerError, match=f"this runs as {name}; run it as that user: “sudo -u "):
        check_data_is_ours(tmp_path, user_id)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The next step is the backup, or a new installation."""
    with pytest.raises(MailerError, match=r"data is not there; .*mailer init"):
        check_data_is_ours(tmp_path / "data", os.geteuid())


def test_what_can_not_be_looked_at_is_said(tmp_path: Path) -> None:
    """No trace, whatever stands in the way."""
    (tmp_path / "file").touch()

    with pytest.raises(MailerError, match="can't be looked at"):
        check_data_is_ours(tmp_path / "file" / "data", os.geteuid())


@pytest.mark.parametrize(
    ("url", "leaves_machine"),
    [
        ("https://news.example.org", True),
        ("https://news.example.org", False),
        ("http://127.0.0.1:8080", False),
        ("http://news.example.org", False),
    ],
)
def test_https_or_nothing_that_leaves_passes(url: str, *, leaves_machine: bool) -> None:
    """Trying it out on one machine needs no certificate."""
    check_links_are_private(url, leaves_machine=leaves_machine)


def test_http_links_to_real_readers_are_refused() -> None:
    """The sentence names the setting and what to write."""
    with pytest.raises(
        SettingsError, match=r"\[site\] public_url is http://news.*https://news\.example\.org"
    ):
        check_links_are_private("http://news.example.org", leaves_machine=True)
