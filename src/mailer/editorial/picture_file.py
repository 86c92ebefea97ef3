"""One picture file, from the bytes that a writer has to those that readers get.

A photograph says where and on whose telephone it was taken, so nothing of a file travels on but its
pixels. They are made small, because half of all readers pay for each megabyte, and the same file always
gives the same bytes, and so the same name. It is opened in a process of its own (picture_apart.py).
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from mailer.domain.picture import DIGEST_LETTERS, Picture, Suffix

MOST_INPUT_BYTES: Final = 20_000_000
MOST_PIXELS: Final = 50_000_000
"""A small file can claim a picture that fills the memory; this is looked at before it is unpacked."""
MOST_PIXELS_UNPACKED: Final = 16_000_000
"""Of every kind but JPEG, which alone can be unpacked smaller than it is: others take up to 24 bytes each."""
MOST_STORED_BYTES: Final = 400_000
WIDEST: Final = 1280
"""Twice the column of a mail, for screens with two dots to a pixel."""
HIGHEST: Final = 2000

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

# Each is a reader of foreign bytes, so there are no more than writers have.
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP")
_DRAWN: Final = frozenset({"PNG", "GIF", "BMP"})
_QUALITIES: Final = (82, 74, 66, 58)
_SHRINK: Final = 0.75
_OPAQUE: Final = (255, 255)
_HEIC: Final = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1"})
# Everything that a damaged picture has been seen to raise from Pillow.
_DAMAGE: Final = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, ArithmeticError, LookupError,
    TypeError, AttributeError, RuntimeError, ImageCms.PyCMSError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as it is stored.

    Attributes:
        picture: its name says digest, size and kind.
        content: its bytes, at most MOST_STORED_BYTES.
    """

    picture: Picture
    content: bytes


def make_picture(content: bytes, most: Size = (WIDEST, HIGHEST)) -> PictureFile:
    """
    Make a writer's picture ready for readers: upright, small, and nothing in it but pixels.

    Call it where much memory and a crash cost nothing, and no other thread minds what Python warns of.

    Args:
        content: the file, JPEG, PNG, GIF (its first frame), WebP, AVIF or BMP.
        most: width and height in pixels that it is made to fit.

    Returns:
        A JPEG at most so large, or a PNG where the picture is drawn or lets light through.

    Raises:
        ValueError: with what is wrong and what to do, to stand after the picture's name.
    """
    if len(content) > MOST_INPUT_BYTES:
        raise ValueError(f"is larger than {MOST_INPUT_BYTES // 1_000_000} MB; save it smaller")
    if refusal := _known_stranger(content):
        raise ValueError(refusal)
    with warnings.catch_warnings():
        # What Pillow warns of, it either mends or raises; its warning of many pixels comes too late for us.
        warnings.simplefilter("ignore")
        try:
            with _opened(content) as opened:
                is_drawn = opened.format in _DRAWN
                return _small_enough(_upright(opened, most), is_drawn=is_drawn)
        except _Refused:
            raise
        except MemoryError as error:
            raise ValueError("takes too much memory to open; save it smaller, as JPEG") from error
        except _DAMAGE as error:
            raise ValueError("is damaged and can’t be read; save it again as JPEG or PNG") from error


class _Refused(ValueError):  # noqa: N818 - a sentence of ours among what damage raises
    """Says what is wrong already."""


def _known_stranger(content: bytes) -> str:
    """Return what to say of files that people take for pictures, else nothing."""
    if not content:
        return "is empty; save it again as JPEG or PNG"
    if content[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "is an SVG drawing or a web page, which no mail program shows; save it as PNG"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "is a HEIC picture, as telephones make them; save it as JPEG"
    return ""


def _opened(content: bytes) -> Image.Image:
    """Read the head of a file; nothing is unpacked yet."""
    try:
        opened = Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise _Refused("is no picture that we can read; save it as JPEG or PNG") from error
    except Image.DecompressionBombError as error:
        raise _Refused(_too_many(MOST_PIXELS)) from error
    most = MOST_PIXELS if opened.format == "JPEG" else MOST_PIXELS_UNPACKED
    if opened.width * opened.height > most:
        raise _Refused(_too_many(most))
    return opened


def _too_many(most: int) -> str:
    instead = "" if most == MOST_PIXELS else ", or as JPEG"
    return f"has more than {most // 1_000_000} million pixels; save it smaller{instead}"


def _upright(opened: Image.Image, most: Size) -> Image.Image:
    """Return the pixels as one sees them, no more of them than we keep, in sRGB, with nothing beside them."""
    # A JPEG can be unpacked at a half, a quarter or an eighth: a quarter more than we keep is sharp enough.
    by = 1.25 * max(most) / max(opened.size)
    opened.draft(None, (round(opened.width * by), round(opened.height * by)))
    ImageOps.exif_transpose(opened, in_place=True)
    image: Image.Image = opened
    profile = image.info.get("icc_profile")
    room = _room(image, most)
    if room < 1 or profile or image.mode != "P" or image.has_transparency_data:
        image = _plain(image)
    image = _resized(image, room)
    if profile:
        image = _in_srgb(image, profile)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == _OPAQUE:
        image = image.convert("RGB")
    # EXIF with the place, comments, profiles: what Pillow would write again stands here.
    image.info.clear()
    return image


def _room(image: Image.Image, most: Size) -> float:
    """Return by how much a picture has to be made smaller; 1.0 where it fits."""
    return min(1.0, most[0] / image.width, most[1] / image.height)


def _plain(image: Image.Image) -> Image.Image:
    """Return a picture in one of the modes that can be made smaller: grey, RGB, RGBA or CMYK."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # 65,536 greys, as scanners make them; plainly converted, all but the darkest would be white.
        image = image.point(lambda value: value * (1 / 256))
    if image.mode in ("1", "L") or image.mode.startswith("I"):
        return image.convert("L")
    return image if image.mode in ("RGB", "CMYK") else image.convert("RGB")


def _resized(image: Image.Image, by: float) -> Image.Image:
    if by >= 1:
        return image
    size = (max(1, round(image.width * by)), max(1, round(image.height * by)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture in the colours that every screen expects of a picture without a profile."""
    output = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode=output,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a profile for other pixels than these: every program shows such a picture without it
    assert converted is not None  # only with inPlace
    return converted


def _small_enough(image: Image.Image, *, is_drawn: bool) -> PictureFile:
    """Return the best form of a picture that is not too large."""
    for content, suffix, size in _forms(image, is_drawn=is_drawn):
        if len(content) <= MOST_STORED_BYTES:
            digest = hashlib.sha256(content).hexdigest()[:DIGEST_LETTERS]
            return PictureFile(Picture(digest, *size, suffix), content)
    raise AssertionError("a picture of one pixel is small enough")


def _forms(image: Image.Image, *, is_drawn: bool) -> Iterator[tuple[bytes, Suffix, tuple[int, int]]]:
    """Yield a picture's bytes, kind and size, from the best to the smallest."""
    while True:
        if image.mode == "RGBA":
            yield _png(image), "png", image.size
            yield _png(image.quantize()), "png", image.size
        else:
            if is_drawn:
                yield _png(image), "png", image.size
            for quality in _QUALITIES:
                yield _jpeg(image, quality), "jpg", image.size
        if image.size == (1, 1):
            return
        image = _resized(_plain(image), _SHRINK)


def _png(image: Image.Image) -> bytes:
    held = io.BytesIO()
    (image.convert("RGB") if image.mode == "CMYK" else image).save(held, "PNG", optimize=True)
    return held.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    held = io.BytesIO()
    (image if image.mode == "L" else image.convert("RGB")).save(
        held, "JPEG", quality=quality, progressive=True, optimize=True
    )
    return held.getvalue()
