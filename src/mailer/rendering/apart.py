"""Rendering in a process of its own, with a limit on time and on memory.

Templates may be an operator's own: one that loops or prints without end must cost the service
nothing but an error. The libraries it takes (Jinja2, premailer, lxml) are loaded there too, so
that a process which only sends never carries them: nothing here may import them at the top.
"""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from mailer.domain.content import EditionContent, LetterContent, RenderedMail
from mailer.errors import Problem, RenderingError
from mailer.rendering.wire import (
    Job,
    Task,
    read_answer,
    read_job,
    write_job,
    write_mails,
    write_problems,
    write_refusal,
)

MEMORY_BYTES = 256 * 1024 * 1024
"""A large issue takes less than 100 MB of it, most of that the libraries."""
TIMEOUT_S = 60.0
"""A large issue takes about a second."""

# Mailboxes cut a mail off at some 100 kB; a template that reaches this has gone wrong.
_MAX_MAIL_BYTES = 4 * 1024 * 1024
_LAST_WORDS = 300


class NotStarted(RenderingError):  # noqa: N818 - reads as what it is where it is caught
    """The machine started no process: nothing is known of the templates, and the next try may go well."""


def render_apart(
    contents: Sequence[EditionContent | LetterContent],
    *,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int = MEMORY_BYTES,
    folder: Path | None = None,
) -> list[RenderedMail]:
    """Render *contents* in a child process and wait for it; call it from a thread, not from a loop.

    Args:
        contents: editions and Letters, rendered in one go and returned in the same order.
        timeout_s: wall-clock seconds after which the child is killed.
        memory_bytes: address space the child may use.
        folder: the newsletter's own templates, which go before ours; None takes ours alone.

    Raises:
        NotStarted: the machine has no room for a process.
        RenderingError: a template went wrong, looped, or took too much; no mail is returned then.
    """
    job = Job(tuple(contents), folder, Task.RENDER, math.ceil(timeout_s) + 1, memory_bytes)
    return cast("list[RenderedMail]", _answered(_run(job, timeout_s)))


def check_apart(
    contents: Sequence[EditionContent | LetterContent], theme: Path, *, timeout_s: float = TIMEOUT_S
) -> list[Problem]:
    """Try out *theme* on *contents* in a child process, as *render_apart* renders.

    Raises:
        NotStarted: the machine has no room for a process.
        RenderingError: a template looped or took too much.
    """
    job = Job(tuple(contents), theme, Task.CHECK, math.ceil(timeout_s) + 1, MEMORY_BYTES)
    return cast("list[Problem]", _answered(_run(job, timeout_s)))


def _run(job: Job, timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            # -P keeps the working directory off the path: a jinja2.py that lies there is not ours.
            [sys.executable, "-P", "-m", "mailer.rendering.apart"],
            input=write_job(job),
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderingError(
            f"rendering took longer than {timeout_s:g} s and was stopped: look for a loop in the templates"
        ) from error
    except OSError as error:
        raise NotStarted(
            f"no process could be started to render in ({error.strerror}): "
            "make room for it on this machine, and try again"
        ) from error


def _answered(child: subprocess.CompletedProcess[bytes]) -> list[RenderedMail] | list[Problem]:
    try:
        answer = read_answer(child.stdout)
    except ValueError as error:
        raise RenderingError(f"rendering ended without an answer: {_last_words(child)}") from error
    if isinstance(answer, str):
        raise RenderingError(answer)
    return answer


def _last_words(child: subprocess.CompletedProcess[bytes]) -> str:
    if child.returncode < 0:
        return f"it was ended by {signal.Signals(-child.returncode).name}"
    lines = child.stderr.decode(errors="replace").strip().splitlines() or [f"status {child.returncode}"]
    return lines[-1][:_LAST_WORDS]


def _serve() -> None:
    """Be the child: read one job, answer it, end."""
    job = read_job(sys.stdin.buffer.read())
    _limit(job)
    try:
        answer = _done(job)
    except RenderingError as error:
        answer = write_refusal(str(error))
    except MemoryError:
        answer = write_refusal(f"rendering needs more memory than the {job.memory_bytes} bytes it may use")
    sys.stdout.buffer.write(answer)


def _limit(job: Job) -> None:
    # Only the child limits itself, and only here: importing this module must do nothing.
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (job.memory_bytes, job.memory_bytes))
    # The parent keeps the time; this ends a loop whose parent was killed.
    resource.setrlimit(resource.RLIMIT_CPU, (job.cpu_s, job.cpu_s))


def _done(job: Job) -> bytes:
    if job.task is Task.RENDER:
        return write_mails(_render(job))
    # Loaded in the child alone: see the head of this file.
    from mailer.rendering.theme_faults import find_faults

    assert job.theme is not None
    return write_problems(find_faults(job.theme, job.contents))


def _render(job: Job) -> list[RenderedMail]:
    from mailer.rendering.edition import render_edition
    from mailer.rendering.letter import render_letter

    mails = []
    for content in job.contents:
        if isinstance(content, EditionContent):
            mail = render_edition(content, job.theme)
        else:
            mail = render_letter(content, job.theme)
        size = len(mail.html.encode()) + len(mail.text.encode())
        if size > _MAX_MAIL_BYTES:
            raise RenderingError(f"“{mail.subject[:80]}” comes to {size} bytes: no mail program shows that")
        mails.append(mail)
    return mails


if __name__ == "__main__":
    _serve()
