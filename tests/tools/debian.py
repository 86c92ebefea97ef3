"""Programs out of Debian's packages without installing them: download, unpack, and start with a wrapper.

Installing Postfix or PostgreSQL sets up users, services and clusters, and may remove another mail server.
Unpacked into a folder, they change nothing outside of it, and nobody needs to be root.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.tools.catalogue import Tool, newest

# What the programs look for by name at run time and can do without: just-in-time compilers of PostgreSQL and
# Mesa, drivers for a screen, scripts of rspamd's pages, and Perl where no tool asks for it. They would double
# the download.
_NOT_NEEDED = re.compile(
    r"libllvm.*|libz3.*|libgl1-mesa-dri|libglx.*|libjs-.*|lib.*-perl|libsystemd-shared|libc-l10n"
)

# Where Debian's packages put shared libraries, below the folder they were unpacked into.
_LIBRARY_FOLDERS = (
    "usr/lib",
    "lib/*-linux-gnu",
    "usr/lib/*-linux-gnu",
    "usr/lib/*-linux-gnu/pulseaudio",
    "usr/lib/*-linux-gnu/systemd",
    "usr/lib/courier-authlib",
    "usr/lib/postfix",
    "usr/lib/rspamd",
)
# Where they put Perl's modules: those of packages, then those that come with Perl itself.
_PERL_FOLDERS = (
    "usr/share/perl5",
    "usr/lib/*-linux-gnu/perl5/5.*",
    "usr/share/perl/5.*",
    "usr/lib/*-linux-gnu/perl/5.*",
)

_WRAPPER = """\
#!/bin/sh
# Out of Debian's package {package}, unpacked and not installed.
LD_LIBRARY_PATH={libraries} FONTCONFIG_FILE={fonts} PERL5LIB={perl} exec {program} "$@"
"""

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/fontconfig</cachedir>
{aliases}
</fontconfig>
"""
_ALIAS = '  <alias binding="same"><family>{asked}</family><prefer><family>{given}</family></prefer></alias>'
# What pages and mails ask for, and the free face of the same widths. All have Belarusian's ў and і.
_FACES = {
    "Liberation Sans": ("sans-serif", "system-ui", "Arial", "Helvetica"),
    "Liberation Serif": ("serif", "Times", "Times New Roman", "Georgia"),
    "Liberation Mono": ("monospace", "Courier", "Courier New", "ui-monospace"),
}


class NotUnpacked(Exception):  # noqa: N818 - reads as what it is where it is caught
    """The packages could not be had; the message is what apt or dpkg said."""


def unpack(tools: Sequence[Tool], folder: Path) -> None:
    """Bring *tools* and the libraries this machine lacks into *folder*.

    Packages are unpacked below ``debian``; ``bin`` gets a wrapper for each tool, written last, so that what
    is there works.

    Raises:
        NotUnpacked: there is no apt-get, no network, or no such package.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise NotUnpacked("apt-get and dpkg are not here: this is no Debian machine")
    folder.mkdir(parents=True, exist_ok=True)
    _download(tools, folder)
    for package in sorted((folder / "download").glob("*.deb")):
        _run("dpkg", "-x", str(package), str(folder / "debian"))
    shutil.rmtree(folder / "download")
    for wanted in tools:
        _write_wrapper(wanted, folder)


def lacking_packages(plan: str, tools: Sequence[Tool]) -> list[str]:
    """Pick the packages to unpack from what ``apt-get --simulate install`` printed.

    Its lines are ``Inst libicu72 (72.1-3 Debian:12/stable [amd64])``; an old version in brackets before the
    parenthesis is an upgrade, which we leave out: a newer C library beside the machine's own starts nothing.
    """
    parts = re.compile("|".join(part for wanted in tools for part in (*wanted.packages, *wanted.further)))
    fresh = re.findall(r"^Inst (\S+) \(", plan, re.MULTILINE)
    return [
        package
        for package in fresh
        if parts.fullmatch(package) or (package.startswith("lib") and not _NOT_NEEDED.fullmatch(package))
    ]


def _download(tools: Sequence[Tool], folder: Path) -> None:
    """Fill ``folder/download``, with the machine's package lists or, where they are old or empty, our own."""
    try:
        _download_with(tools, folder, [])
    except NotUnpacked:
        own_lists = _apt_options(State__lists=folder / "apt" / "lists", Cache=folder / "apt" / "cache")
        _run("apt-get", *own_lists, "-qq", "update")
        _download_with(tools, folder, own_lists)
        shutil.rmtree(folder / "apt")


def _download_with(tools: Sequence[Tool], folder: Path, options: Sequence[str]) -> None:
    download = folder / "download"
    shutil.rmtree(download, ignore_errors=True)
    download.mkdir()
    packages = sorted({package for wanted in tools for package in wanted.packages})
    # Asking what an installation would bring names exactly what this machine lacks, and does nothing.
    plan = _run("apt-get", *options, "--simulate", "--no-install-recommends", "install", *packages)
    _run("apt-get", *options, "-qq", "download", *lacking_packages(plan, tools), cwd=download)


def _write_wrapper(wanted: Tool, folder: Path) -> None:
    debian = folder / "debian"
    # A program the machine has may lack a library only.
    program = newest(debian, wanted.program) or newest(Path("/"), wanted.program)
    if program is None:
        raise NotUnpacked(f"Debian's packages {', '.join(wanted.packages)} hold no {wanted.program}")
    fonts = folder / "fonts.conf"
    aliases = [_ALIAS.format(asked=asked, given=given) for given, names in _FACES.items() for asked in names]
    fonts.write_text(_FONTS.format(folder=debian, aliases="\n".join(aliases)), encoding="utf-8")
    wrapper = folder / "bin" / wanted.name
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(
        _WRAPPER.format(
            package=wanted.packages[0],
            libraries=_search_path(debian, _LIBRARY_FOLDERS),
            fonts=shlex.quote(str(fonts)),
            perl=_search_path(debian, _PERL_FOLDERS),
            program=shlex.quote(str(program)),
        ),
        encoding="utf-8",
    )
    wrapper.chmod(0o755)


def _search_path(debian: Path, patterns: Sequence[str]) -> str:
    """Return the folders below *debian* that match, joined and quoted for a shell."""
    return shlex.quote(":".join(str(found) for pattern in patterns for found in sorted(debian.glob(pattern))))


def _apt_options(**folders: Path) -> list[str]:
    """Make options that point apt at folders of ours, and create them."""
    options = []
    for name, place in folders.items():
        (place / "partial").mkdir(parents=True, exist_ok=True)
        (place / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        options.append(f"--option=Dir::{name.replace('__', '::')}={place}")
    return options


def _run(*command: str, cwd: Path | None = None) -> str:
    if command[0] == "apt-get":
        # Downloads go into a folder of ours, which apt's own download user could not write.
        command = (command[0], "--option=APT::Sandbox::User=root", *command[1:])
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NotUnpacked(ended.stderr.strip() or f"{command[0]} ended with status {ended.returncode}")
    return ended.stdout
