"""Whatever a writer has becomes a small upright picture with nothing in it but pixels, or one sentence."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mailer.domain.picture import parse_picture
from mailer.editorial.picture_file import HIGHEST, MOST_INPUT_BYTES, MOST_STORED_BYTES, WIDEST, make_picture

WHERE_IT_WAS_TAKEN = b"53 degrees 54 minutes"


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def drawn(width: int = 60, height: int = 40) -> Image.Image:
    """Return a picture that is red on the left and blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    bands = [Image.effect_noise((width, height), 90) for _ in mode]
    return Image.merge(mode, bands)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def jpeg_that_claims(width: int, height: int) -> bytes:
    """Return a JPEG whose frame header (ITU-T T.81, B.2.2) says another size."""
    content = saved(drawn(), "JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def with_secrets(kind: str) -> bytes:
    """Return a picture with a place, an author and a comment in it, wherever its kind keeps such."""
    exif = Image.Exif()
    exif[0x8298] = "Author Secret"
    exif[0x8825] = {1: "N", 2: (53.0, 54.0, 0.0), 29: WHERE_IT_WAS_TAKEN.decode()}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, object] = {"exif": exif, "icc_profile": profile}
    if kind in ("JPEG", "GIF"):
        options["comment"] = b"Comment Secret"
    return saved(drawn(), kind, **options)


@pytest.mark.parametrize(
    ("kind", "stored_as"),
    [("JPEG", "jpg"), ("PNG", "png"), ("GIF", "png"), ("WEBP", "jpg"), ("AVIF", "jpg"), ("BMP", "png")],
)
def test_each_kind_is_taken(kind: str, stored_as: str) -> None:
    """Photographs become JPEG and drawings PNG, of the same size and the same colours."""
    made = make_picture(saved(drawn(), kind))

    image = opened(made.content)
    assert made.picture.suffix == stored_as
    assert image.size == (made.picture.width, made.picture.height) == (60, 40)
    red, _, blue = image.convert("RGB").getpixel((5, 20))  # type: ignore[misc]
    assert (red > 220, blue < 40) == (True, True)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_each_way_to_keep_colours_is_taken(mode: str) -> None:
    """Greys, palettes, printers' colours and scanners' many greys are all shown."""
    image = drawn().convert("L").convert(mode) if mode == "I;16" else drawn().convert(mode)

    made = make_picture(saved(image, "JPEG" if mode == "CMYK" else "PNG"))

    assert opened(made.content).size == (60, 40)


def test_the_same_picture_has_the_same_name() -> None:
    """The name follows from the bytes, and the bytes from the file."""
    content = saved(noise(1500, 900), "JPEG")

    first, second = make_picture(content), make_picture(content)

    assert first == second
    assert parse_picture(first.picture.name) == first.picture
    assert make_picture(saved(noise(1500, 900), "JPEG")).picture != first.picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_nothing_is_left_of_who_took_it_and_where(kind: str) -> None:
    """EXIF with its place, profile and comment are gone; what is left is what pixels alone give."""
    content = with_secrets(kind)
    assert b"Secret" in content

    made = make_picture(content)

    assert opened(made.content).getexif() == {}
    assert not {"icc_profile", "exif", "comment", "XML:com.adobe.xmp"} & opened(made.content).info.keys()
    for secret in (b"Secret", WHERE_IT_WAS_TAKEN, b"Exif", b"ICC", b"acsp"):
        assert secret not in made.content


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_upright(orientation: int) -> None:
    """It is turned before the note of how it was held is lost."""
    exif = Image.Exif()
    exif[0x0112] = orientation

    made = make_picture(saved(drawn(3000, 1000), "JPEG", exif=exif))

    size = (made.picture.width, made.picture.height)
    assert size == ((1280, 427) if orientation < 5 else (667, 2000))


@pytest.mark.parametrize("size", [(5000, 100), (100, 5000), (4000, 3000), (1281, 2001), (10, 9000)])
def test_a_large_picture_is_made_smaller(size: tuple[int, int]) -> None:
    """To 1280 × 2000 at most, in its own proportions; none is made larger."""
    made = make_picture(saved(drawn(*size), "PNG")).picture

    assert made.width <= WIDEST
    assert made.height <= HIGHEST
    assert (made.width == WIDEST) | (made.height == HIGHEST)
    assert make_picture(saved(drawn(), "PNG")).picture.width == 60


@pytest.mark.parametrize(
    "content",
    [
        saved(noise(1280, 2000), "JPEG", quality=95),
        saved(noise(1280, 1200), "PNG"),
        saved(noise(800, 800, "RGBA"), "PNG"),
        saved(noise(900, 900).quantize(), "PNG"),
    ],
    ids=["photograph", "drawn without end", "half transparent", "palette"],
)
def test_none_is_too_heavy(content: bytes) -> None:
    """Quality goes down step by step, then the size; 400 kB is the end."""
    made = make_picture(content)

    assert len(made.content) <= MOST_STORED_BYTES
    assert opened(made.content).size == (made.picture.width, made.picture.height)


def test_what_lets_light_through_still_does() -> None:
    """A logo keeps its transparent ground; an opaque one has none."""
    clear, opaque = Image.new("RGBA", (9, 9), (9, 9, 9, 0)), Image.new("RGBA", (9, 9), (9, 9, 9, 255))

    assert opened(make_picture(saved(clear, "PNG")).content).mode == "RGBA"
    assert opened(make_picture(saved(clear, "WEBP")).content).mode == "RGBA"
    assert opened(make_picture(saved(opaque, "PNG")).content).mode == "RGB"


def test_a_moving_picture_stands_still() -> None:
    """The first frame is kept."""
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]

    made = make_picture(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    assert opened(made.content).convert("RGB").getpixel((4, 4)) == (255, 0, 0)
    assert getattr(opened(made.content), "n_frames", 1) == 1


def test_many_greys_are_not_white() -> None:
    """Of 65,536 greys the middle one is in the middle."""
    image = Image.frombytes("I;16", (1, 1), (32768).to_bytes(2, "little"))

    assert opened(make_picture(saved(image, "PNG")).content).getpixel((0, 0)) == 128


JPEG = saved(drawn(), "JPEG")
PNG = saved(drawn(), "PNG")
REFUSED = {
    "empty": (b"", "is empty"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "an SVG drawing or a web page"),
    "a drawing": (b'\xef\xbb\xbf\n<svg xmlns="http://www.w3.org/2000/svg"/>', "save it as PNG"),
    "a telephone's": (b"\0\0\0\x18ftypheic" + bytes(40), "save it as JPEG"),
    "words": (b"This is no picture.", "is no picture that we can read"),
    "a print": (saved(drawn(), "TIFF"), "is no picture that we can read"),
    "a book": (b"%PDF-1.7", "is no picture that we can read"),
    "half a JPEG": (JPEG[: len(JPEG) // 2], "is damaged"),
    "half a PNG": (PNG[: len(PNG) // 2], "is damaged"),
    "a bomb": (png_that_claims(50_000, 50_000), "more than 50 million pixels; save it smaller$"),
    "a small bomb": (
        png_that_claims(4_001, 4_000),
        "more than 16 million pixels; save it smaller, or as JPEG",
    ),
    "a larger one": (png_that_claims(10_000, 10_000), "more than 16 million pixels"),
    "a vast JPEG": (jpeg_that_claims(7_100, 7_100), "more than 50 million pixels; save it smaller$"),
    "a lie": (png_that_claims(5, 5), "is damaged"),
    "too heavy": (bytes(MOST_INPUT_BYTES + 1), "larger than 20 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused(name: str) -> None:
    """With what it is and what to do."""
    content, said = REFUSED[name]

    with pytest.raises(ValueError, match=said) as refused:
        make_picture(content)

    assert str(refused.value).isprintable()


@given(st.binary(max_size=400))
def test_random_bytes_raise_only_the_stated_error(content: bytes) -> None:
    """Also behind the first bytes of each kind."""
    for start in (b"", JPEG[:20], PNG[:33], b"GIF89a", b"RIFF\0\1\0\0WEBPVP8 ", b"BM", b"\0\0\0\x1cftypavif"):
        _only_ours(lambda start=start: make_picture(start + content))  # type: ignore[misc]


SOUND = [with_secrets(kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF")]


@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_damaged_picture_raises_only_the_stated_error(
    content: bytes, places: list[tuple[int, int]]
) -> None:
    """Any bytes of it may be wrong."""
    held = bytearray(content)
    for place, byte in places:
        held[place % len(held)] = byte

    _only_ours(lambda: make_picture(bytes(held)))


def _only_ours(work: Callable[[], object]) -> None:
    with contextlib.suppress(ValueError):
        work()
