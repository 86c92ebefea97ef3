"""Rendering apart gives what rendering here gives, and a template that runs wild costs one error."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import Block, EditionContent, LetterContent, LetterKind
from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.trend import Trend
from mailer.errors import Problem, RenderingError
from mailer.rendering.apart import NotStarted, _answered, render_apart
from mailer.rendering.edition import render_edition
from mailer.rendering.holes import SECRET, TOKEN
from mailer.rendering.letter import render_letter
from mailer.rendering.webpart import BEGIN, END
from mailer.rendering.wire import Job, Task, read_answer, read_job, write_job, write_problems
from tests.tools.scarcity import starting_nothing

TEXT = Text(Language.RUSSIAN, TextState.READY, "Заголовок “1”", "Текст\nдальше", "Лид", "Автор", "a.md")
EDITION = EditionContent(
    language=Language.BELARUSIAN,
    title="Тыдзень",
    heading="Сітуацыя",
    period=week(2026, 1),
    subject="",
    preheader="",
    opening_note="",
    blocks=(Block("a", "А", Trend.WORSENED, TEXT), Block("b", "Б", None, TEXT)),
    web_url="https://example.org/be/",
    subscribe_url="https://example.org/be/",
    unsubscribe_url=f"https://example.org/u/{TOKEN}",
)
LETTER = LetterContent(
    LetterKind.CONFIRM,
    Language.ENGLISH,
    "Week",
    "",
    f"https://example.org/c/{SECRET}",
    "https://example.org/",
    2,
)


def hostile(folder: Path, body: str) -> Path:
    (folder / "edition").mkdir()
    page = f"<p>{BEGIN}{END}{TOKEN}</p>"
    for name, source in (("subject.txt", "Subject"), ("body.txt", body), ("body.html", page)):
        (folder / "edition" / name).write_text(source, encoding="utf-8")
    return folder


def test_mails_come_back_as_they_would_be_rendered_here() -> None:
    """Editions and Letters, in order, byte for byte."""
    mails = render_apart([EDITION, LETTER, replace(EDITION, language=Language.RUSSIAN)])

    expected = [
        render_edition(EDITION),
        render_letter(LETTER),
        render_edition(replace(EDITION, language=Language.RUSSIAN)),
    ]
    assert mails == expected


@pytest.mark.parametrize("theme", [None, Path("/themes/weekly")])
@pytest.mark.parametrize("task", Task)
def test_a_job_survives_the_pipe(theme: Path | None, task: Task) -> None:
    """What is read is what was written, to the last field."""
    job = Job((EDITION, LETTER), theme, task, cpu_s=3, memory_bytes=5)

    assert read_job(write_job(job)) == job


def test_problems_survive_the_pipe() -> None:
    """With and without a line."""
    problems = [Problem("a/b.html", 3, "Так"), Problem("a", None, "no")]

    assert read_answer(write_problems(problems)) == problems


@pytest.mark.parametrize("cut", [b"", b"{", b'{"mails": ['])
def test_half_an_answer_is_no_answer(cut: bytes) -> None:
    """A child that died while it wrote is noticed."""
    with pytest.raises(ValueError, match="line 1"):
        read_answer(cut)


def test_a_template_that_loops_is_stopped(tmp_path: Path) -> None:
    """The time limit ends it, and about on time."""
    loop = "{% for i in range(10**12) %}{% if i is none %}x{% endif %}{% endfor %}"
    started = time.monotonic()

    with pytest.raises(RenderingError, match=r"took longer than 1.5 s"):
        render_apart([EDITION], timeout_s=1.5, folder=hostile(tmp_path, loop))

    assert time.monotonic() - started < 5


def test_a_template_that_prints_without_end_costs_us_no_memory(tmp_path: Path) -> None:
    """It runs into its own limit; the parent does not grow by a hundredth of what it printed."""
    flood = "{% for i in range(10**12) %}{{ 'x' * 10000 }}{{ i }}{% endfor %}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(RenderingError, match="memory"):
        render_apart([EDITION], timeout_s=30, folder=hostile(tmp_path, flood))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000


def test_a_mail_of_absurd_size_is_refused(tmp_path: Path) -> None:
    """What fits the memory and no mailbox does not come back."""
    folder = hostile(tmp_path, TOKEN + "x" * 5_000_000)

    with pytest.raises(RenderingError, match=r"comes to 50001\d\d bytes"):
        render_apart([EDITION], folder=folder)


def test_a_mistake_in_a_template_keeps_its_sentence(tmp_path: Path) -> None:
    """The child's error is the parent's error."""
    with pytest.raises(RenderingError, match=r"^template \S+/edition/body\.txt, line 2: 'x' is undefined$"):
        render_apart([EDITION], folder=hostile(tmp_path, "\n{{ x }}"))


@pytest.mark.parametrize(
    ("status", "stderr", "expected"),
    [
        (-9, b"", "it was ended by SIGKILL"),
        (-24, b"", "it was ended by SIGXCPU"),
        (1, b"Traceback\nImportError: no lxml\n", "ImportError: no lxml"),
        (7, b"", "status 7"),
    ],
)
def test_a_child_without_an_answer_leaves_its_last_words(status: int, stderr: bytes, expected: str) -> None:
    """How it ended is said, in a line."""
    child = subprocess.CompletedProcess(["child"], status, stdout=b"", stderr=stderr)

    with pytest.raises(RenderingError, match=f"^rendering ended without an answer: {expected}$"):
        _answered(child)


def test_a_child_that_cannot_start_is_reported() -> None:
    """Too little memory to load the libraries is one sentence, not a hang."""
    with pytest.raises(RenderingError, match=r"^rendering "):
        render_apart([EDITION], memory_bytes=40_000_000)


def test_a_machine_that_starts_no_process_is_reported() -> None:
    """Out of processes, memory or files: it is no template's fault, and may pass."""
    with starting_nothing(), pytest.raises(NotStarted, match=r"^no process could be started .* try again"):
        render_apart([EDITION])


def test_the_parent_loads_no_rendering_library() -> None:
    """A process that only sends carries neither templates nor lxml."""
    script = (
        "import sys, mailer.rendering.apart;"
        "print(sorted({'jinja2', 'premailer', 'lxml', 'markdown_it', 'nh3', 'babel'} & set(sys.modules)))"
    )

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout

    assert loaded == "[]\n"
