"""A sentence or name in each language, as a table ``be = "…"``, ``ru = "…"``, ``en = "…"``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mailer.domain.language import Language
from mailer.editorial.toml_table import TomlTable


def read_wording(
    table: TomlTable, required: Sequence[Language], *, outside: Collection[str]
) -> dict[Language, str]:
    """Read a table keyed by language; a language with an empty value is not in the result.

    Args:
        table: as read.
        required: languages that must be there.
        outside: keys of the table around it: one that stands in here by mistake is named as such.
    """
    known = [language.value for language in Language]
    strays = [key for key in table.values if key in outside and key not in known]
    for key in strays:
        # The trap of TOML: a key belongs to the last [table] above it, however many blank lines between.
        table.complain(
            key,
            f"“{key}” stands below [{table.path[-1]}] and so belongs to it; move the line up, "
            "above the first line in square brackets",
        )
    if not strays:
        table.refuse_unknown(known)
    found = {language: table.text(language, "…", required=language in required) for language in Language}
    return {language: text for language, text in found.items() if text}
