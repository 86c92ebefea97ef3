"""What happens to a test whose program is missing: left out on a person's machine, failed where CI=true."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.catalogue import Tool, locate, missing


def required(wanted: Tool, environment: Mapping[str, str] = os.environ) -> Path:
    """Return a tool's program, or end the asking test with what to type."""
    program = locate(wanted)
    if program is None:
        if environment.get("CI") == "true":
            pytest.fail(missing(wanted), pytrace=False)
        pytest.skip(missing(wanted))
    return program
