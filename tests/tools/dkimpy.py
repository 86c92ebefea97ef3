"""dkimpy, which checks our DKIM signatures: Debian's, because it is published for Python as source only."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

from tests.tools.catalogue import cache_folder, tool
from tests.tools.required import required

_LIBRARY = "usr/lib/python3/dist-packages/dkim"


def load_dkimpy() -> ModuleType:
    """Return the library ``dkim``, or end the asking test with what to type."""
    required(tool("dkimverify"))
    folders = (top / _LIBRARY for top in (cache_folder() / "debian", Path("/")))
    folder = next(folder for folder in folders if folder.is_dir())
    # By its place: beside it lie libraries of another Python, which must not shadow ours.
    spec = importlib.util.spec_from_file_location(
        "dkim", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dkim"] = module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its patterns are older than Python's present rules for backslashes
        spec.loader.exec_module(module)
    return module
