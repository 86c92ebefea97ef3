"""A picture's name says everything needed to show it."""

from __future__ import annotations

import pytest

from mailer.domain.picture import Picture, parse_picture


def test_a_picture_is_read_back_from_its_name() -> None:
    """The name of a stored picture holds its digest, size and kind."""
    picture = Picture("0123456789abcdef", 1120, 630, "jpg")

    read = parse_picture(picture.name)

    assert read == picture
    assert picture.name == "0123456789abcdef-1120x630.jpg"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "map.jpg",
        "0123456789ABCDEF-1120x630.jpg",
        "0123456789abcdef-0x630.jpg",
        "0123456789abcdef-1120x630.svg",
        "../0123456789abcdef-1120x630.jpg",
        "0123456789abcdef-1120x630.jpg\n",
        "0123456789abcdef-112000x630.jpg",
    ],
)
def test_what_is_no_picture_of_ours_is_refused(name: str) -> None:
    """A name that we never gave is refused."""
    with pytest.raises(ValueError, match="no picture of ours"):
        parse_picture(name)
