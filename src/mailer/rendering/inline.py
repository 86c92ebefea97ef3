"""Style attributes from a style sheet, because many mail programs read nothing else.

premailer behind one function, so that its many options are chosen once. It is slow to import (lxml,
cssutils, requests) and is therefore loaded only by the process that renders.
"""

from __future__ import annotations

import logging

from premailer import Premailer

# Obsolete attributes that premailer would derive from CSS; every program that matters reads the CSS.
_NO_ATTRIBUTES = ["align", "valign", "bgcolor", "width", "height"]


def inline_css(html: str) -> str:
    """Return the document with its style sheets copied into style attributes.

    A sheet marked ``data-premailer="ignore"`` is neither copied nor dropped: there stand the rules
    for narrow and dark screens, which no attribute can say. Nothing is fetched, from network or disk.
    """
    return str(
        Premailer(
            strip_important=False,
            # A copied sheet would only make each mail 6 kB heavier.
            keep_style_tags=False,
            remove_classes=False,
            allow_network=False,
            allow_loading_external_files=False,
            disable_validation=True,
            disable_link_rewrites=True,
            align_floating_images=False,
            disable_basic_attributes=_NO_ATTRIBUTES,
            cache_css_parsing=False,
            # What cssutils does not know (mso-hide) is meant for programs that do.
            cssutils_logging_level=logging.CRITICAL,
        ).transform(html, pretty_print=False)
    )
