"""A picture is opened in a process of its own, and what goes wrong there is one sentence."""

from __future__ import annotations

import io
import resource
import subprocess

import pytest
from PIL import Image

from mailer.editorial.picture_apart import _answered, make_picture_apart
from mailer.editorial.picture_file import make_picture
from tests.tools.scarcity import starting_nothing


def saved(side: int, kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    Image.new("RGBA", (side, side), (1, 2, 3, 9)).save(held, kind, **options)
    return held.getvalue()


def test_a_picture_comes_back_as_it_would_be_made_here() -> None:
    """Name and bytes, to fit what was asked for."""
    content = saved(60, "PNG")

    assert make_picture_apart(content, (30, 40)) == make_picture(content, (30, 40))


def test_what_is_wrong_keeps_its_sentence() -> None:
    """The child's refusal is the parent's."""
    with pytest.raises(ValueError, match=r"^is no picture that we can read; save it as JPEG or PNG$"):
        make_picture_apart("Слова".encode())


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """Less than a kilobyte that is 17 million pixels."""
    bomb = saved(4100, "WEBP", lossless=True)
    assert len(bomb) < 1000

    with pytest.raises(ValueError, match=r"^has more than 16 million pixels; save it smaller, or as JPEG$"):
        make_picture_apart(bomb)


def test_a_picture_that_takes_too_much_memory_is_refused() -> None:
    """Its own limit ends it, and this process does not grow."""
    large = saved(3900, "WEBP", lossless=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ValueError, match=r"save it"):
        make_picture_apart(large, memory_bytes=200_000_000)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000
    assert make_picture_apart(large).picture.width == 1280


def test_a_machine_that_starts_no_process_is_said() -> None:
    """The picture is as good as before."""
    with starting_nothing(), pytest.raises(ValueError, match=r"^can’t be opened now, .* try again$"):
        make_picture_apart(saved(9, "PNG"))


@pytest.mark.parametrize(
    ("status", "how"),
    [(-11, "was ended by SIGSEGV"), (-24, "was ended by SIGXCPU"), (1, "ended with status 1")],
)
def test_a_child_without_an_answer_says_how_it_ended(status: int, how: str) -> None:
    """A decoder that crashed is no crash of ours."""
    child = subprocess.CompletedProcess(["child"], status, stdout=b"", stderr=b"")

    with pytest.raises(ValueError, match=f"^can’t be opened: the process that opened it {how}; save it"):
        _answered(child)
