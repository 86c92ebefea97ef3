"""A relay's profile in the settings: what is previewed is what the relay gets."""

from __future__ import annotations

import os
import subprocess
from email import message_from_bytes
from pathlib import Path

from tests.acceptance.killing import MAILER


def test_the_preview_shows_what_the_relay_gets(tmp_path: Path) -> None:
    """With the provider's fields, once the settings name one."""
    home = tmp_path / "home"
    subprocess.run([*MAILER, "init", str(home), "--sample", "--yes"], check=True, capture_output=True)
    # It is held, for nobody reads it yet; it is there all the same.
    subprocess.run([*MAILER, "issue", "build"], cwd=home, check=False, capture_output=True)

    preview = [*MAILER, "issue", "preview", "--language", "be", "--format", "message"]
    environment = {**os.environ, "MAILER_RELAY__PROFILE": "postmark"}
    shown = subprocess.run(preview, cwd=home, env=environment, check=True, capture_output=True)

    message = message_from_bytes(shown.stdout)
    ours = [name for name in message if name.startswith("X-PM-")]
    assert ours == ["X-PM-Metadata-mailer", "X-PM-TrackOpens", "X-PM-TrackLinks", "X-PM-KeepID"]
