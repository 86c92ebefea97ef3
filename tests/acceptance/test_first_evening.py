"""docs/first-evening.md works line by line."""

from __future__ import annotations

import os
import time
from pathlib import Path

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.commandline import MAILER, ROOT
from tests.acceptance.evening import HEADLINES, READER, Evening, clean_environment, commands

TEXT = (ROOT / "docs" / "first-evening.md").read_text("utf-8")


def test_the_first_evening_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    """From an empty folder to the issue in a reader's mailbox, well within a minute of machine time."""
    path = f"{MAILER.parent}{os.pathsep}{os.environ['PATH']}"
    # Both are for a machine that has no clone yet.
    evening = Evening(tmp_path, clean_environment(path), skip=("apt-get ", "make install"))
    began = time.monotonic()

    evening.walk(TEXT)

    _, _, issue = evening.mails
    tests = Outbox(Mailbox(evening.second_outbox)).newest(9, None)
    assert READER in issue
    assert HEADLINES["en"] in issue
    assert len(tests) == 3
    # The issue is sent already: what comes is what readers get.
    assert not [mail.subject for mail in tests if mail.subject.startswith(("Проб", "Proof"))]
    assert time.monotonic() - began < 60


def test_the_section_on_services_is_for_another_evening() -> None:
    """Whatever stands there needs a machine with systemd; the rest has every command of the evening."""
    typed = commands(TEXT)

    assert typed[:3] == [
        "apt-get install -y git make python3-venv",
        "make install",
        "mailer init ~/news --sample --yes",
    ]
    assert not [line for line in typed if "systemctl" in line]
