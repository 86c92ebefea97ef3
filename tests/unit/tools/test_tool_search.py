"""Test tools are found, asked of Debian and missed as tests/tools says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.catalogue import Tool, cache_folder, locate, newest, tool
from tests.tools.debian import lacking_packages
from tests.tools.required import required

_ABSENT = Tool("no-such-program", "no/such/program", ("nothing",), advice="make tools")


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch(0o755)
    return path


def test_missing_tool_is_named_with_what_to_type() -> None:
    """On a person's machine the test is left out and says what to type."""
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not on this machine; make tools"):
        required(_ABSENT, {})


def test_missing_tool_fails_in_ci() -> None:
    """Where CI=true nothing passes by being left out."""
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not on this machine; make tools"):
        required(_ABSENT, {"CI": "true"})


def test_newest_counts_versions_as_numbers(tmp_path: Path) -> None:
    """PostgreSQL 15 goes before 9.6."""
    _program(tmp_path / "9.6" / "bin" / "initdb")
    fifteen = _program(tmp_path / "15" / "bin" / "initdb")

    assert newest(tmp_path, "*/bin/initdb") == fifteen


def test_unpacked_tool_is_found(tmp_path: Path) -> None:
    """What was unpacked because the machine had none, or one that does not start, is what tests run."""
    wrapper = _program(tmp_path / "bin" / "reformime")

    assert locate(tool("reformime"), folder=tmp_path) == wrapper


def test_a_program_without_what_it_needs_is_missing() -> None:
    """Every machine has Perl; without SpamAssassin's modules it is of no use to the tests."""
    bare = Tool("sh", "bin/sh", ("nothing",), advice="make tools", needs=("no/such/module.pm",))

    assert locate(bare, folder=Path("/no/such/folder")) is None


def test_cache_folder_can_be_named(tmp_path: Path) -> None:
    """MAILER_TEST_TOOLS says where tools are unpacked."""
    assert cache_folder({"MAILER_TEST_TOOLS": str(tmp_path)}) == tmp_path


def test_only_what_is_lacking_is_unpacked() -> None:
    """Of apt's plan we take the tool and fresh libraries: no upgrade, no service, no compiler, no removal."""
    plan = """\
Reading package lists...
Remv exim4-daemon-light [4.96-15]
Inst libicu72 (72.1-3 Debian:12/stable [amd64])
Inst libssl3 [3.0.11-1] (3.0.15-1 Debian:12/stable [amd64])
Inst libllvm14 (1:14.0.6-12 Debian:12/stable [amd64])
Inst systemd (252.39-1 Debian:12/stable [amd64])
Inst postgresql-common (248 Debian:12/stable [all])
Inst postgresql-15 (15.18-0 Debian:12/stable [amd64]) []
Conf libicu72 (72.1-3 Debian:12/stable [amd64])
"""
    assert lacking_packages(plan, [tool("postgres")]) == ["libicu72", "postgresql-15"]


def test_perl_is_unpacked_for_those_who_ask() -> None:
    """Its modules come with many packages; only SpamAssassin's tool is made of them."""
    plan = """\
Inst perl-modules-5.36 (5.36.0-7 Debian:12/stable [all])
Inst libnet-dns-perl (1.36-1 Debian:12/stable [all])
Inst re2c (3.0-2 Debian:12/stable [amd64])
Inst spamassassin (4.0.1-1 Debian:12/stable [all])
"""
    modules = ["perl-modules-5.36", "libnet-dns-perl", "spamassassin"]
    assert lacking_packages(plan, [tool("perl-of-spamassassin")]) == modules
    assert lacking_packages(plan, [tool("postgres")]) == []
