"""Pictures made ready in a process of their own, with a limit on time and on memory.

A file of two kilobytes can unpack to hundreds of megabytes, and whatever reads foreign bytes may crash
on them: that must cost an import one sentence, and the service nothing (rendering/apart.py does the
same for templates).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import Final

from mailer.domain.picture import parse_picture
from mailer.editorial.picture_file import HIGHEST, WIDEST, PictureFile, Size, make_picture

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""Address space; the largest pictures that are taken were seen to need three quarters of it."""
TIMEOUT_S: Final = 30.0
"""The largest take two seconds."""

# One at a time, so that the limit is one for all who import at once.
_LOCK: Final = threading.Lock()


def make_picture_apart(
    content: bytes, most: Size = (WIDEST, HIGHEST), *, memory_bytes: int = MEMORY_BYTES
) -> PictureFile:
    """Do as *make_picture* does, in a child process, and wait for it; call it from a thread, not from a loop.

    Args:
        content: the file.
        most: width and height in pixels that it is made to fit.
        memory_bytes: address space the child may use.

    Raises:
        ValueError: with what is wrong and what to do, to stand after the picture's name.
    """
    try:
        with _LOCK:
            child = subprocess.run(
                # -P keeps the working directory off the path: a PIL.py that lies there is not ours.
                [sys.executable, "-P", "-m", "mailer.editorial.picture_apart"],
                input=b"%d %d %d\n" % (memory_bytes, *most) + content,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"takes longer than {TIMEOUT_S:g} s to open; save it smaller") from error
    except OSError as error:
        raise ValueError(
            f"can’t be opened now, for no process could be started ({error.strerror}); try again"
        ) from error
    return _answered(child)


def _answered(child: subprocess.CompletedProcess[bytes]) -> PictureFile:
    """Read the answer: the picture's name in a line and its bytes, or an empty line and what is wrong."""
    name, _, rest = child.stdout.partition(b"\n")
    if child.returncode == 0 and name:
        return PictureFile(parse_picture(name.decode("ascii")), rest)
    if child.returncode == 0 and rest:
        raise ValueError(rest.decode())
    if child.returncode < 0:
        how = f"the process that opened it was ended by {signal.Signals(-child.returncode).name}"
    else:
        how = f"the process that opened it ended with status {child.returncode}"
    raise ValueError(f"can’t be opened: {how}; save it again, smaller, as JPEG or PNG")


def _serve() -> None:
    """Be the child: read the bounds in a line and one picture, answer, end."""
    memory_bytes, width, height = map(int, sys.stdin.buffer.readline().split())
    _limit(memory_bytes)
    try:
        made = make_picture(sys.stdin.buffer.read(), (width, height))
    except ValueError as error:
        answer = b"\n" + str(error).encode()
    else:
        answer = made.picture.name.encode("ascii") + b"\n" + made.content
    sys.stdout.buffer.write(answer)


def _limit(memory_bytes: int) -> None:
    # Only the child limits itself, and only here: importing this module must do nothing.
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # The parent keeps the time; this ends a child whose parent was killed.
    resource.setrlimit(resource.RLIMIT_CPU, (int(TIMEOUT_S) + 1, int(TIMEOUT_S) + 1))


if __name__ == "__main__":
    _serve()
