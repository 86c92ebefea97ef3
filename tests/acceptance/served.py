"""``mailer serve`` in a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.acceptance.commandline import MAILER, Installed


@contextmanager
def served(installed: Installed) -> Iterator[str]:
    """Run it; yield the site's address, without a slash at its end. It must end well when told to."""
    log = installed.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [MAILER, "serve"],
            cwd=installed.folder,
            env=os.environ | {"MAILER_SITE__LISTEN": "127.0.0.1:0"},
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    try:
        until(lambda: "The site is at" in log.read_text("utf-8"))
        (url,) = re.findall(r"http://[^/\s]+", log.read_text("utf-8"))[:1]
        yield url
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(10)


def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for *condition*."""
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.05)
