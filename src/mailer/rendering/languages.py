"""The product's own words in each language: one file of strings per language, read as it lies.

Everything a reader meets that no editor wrote (the footer of a mail, a button, a page's title) is an
English sentence in the code and an entry in ``mailer/locale/<language>.po``. The files are compiled in
memory, so that a corrected word needs a restart and no tool.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from mailer.domain.language import Language
from mailer.errors import RenderingError

LOCALE_FOLDER = Path(__file__).resolve().parents[1] / "locale"


@cache
def sentences() -> frozenset[str]:
    """Return the English sentences that the product can say in every language, all their forms.

    Raises:
        RenderingError: the file of strings can't be read.
    """
    forms = (message.id for message in _catalog(LOCALE_FOLDER / f"{Language.ENGLISH}.po") if message.id)
    return frozenset(each for form in forms for each in ([form] if isinstance(form, str) else form))


def translations(language: Language) -> GNUTranslations:
    """Return the product's words in *language*; its ``gettext`` and ``ngettext`` take English.

    Raises:
        RenderingError: the file of strings can't be read.
    """
    return load_translations(LOCALE_FOLDER / f"{language}.po")


@cache
def load_translations(path: Path) -> GNUTranslations:
    """Read and compile one file of strings; a second call returns the same object.

    Raises:
        RenderingError: it is missing or is no .po file; the message names file and line.
    """
    compiled = BytesIO()
    write_mo(compiled, _catalog(path))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _catalog(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=path.stem, charset="utf-8", abort_invalid=True)
    except PoFileError as error:
        raise RenderingError(f"{path.name}, line {error.lineno + 1}: {error}; mend that entry") from error
    except (OSError, ValueError) as error:
        raise RenderingError(f"{path.name} can't be read: {error}; install it anew") from error
