"""A real mail server between us and a far end: Postfix out of its package, started in a folder of its own.

Only what a relay needs runs: it takes mail on a loopback port, hands it on, and returns what it can't.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_START_S = 15.0
_OWNER, _OTHERS = "nobody", "daemon"
_QUEUES = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
)
_GROUP_FOLDERS = {"maildrop": 0o730, "public": 0o710}
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {top}/usr/sbin
daemon_directory = {top}/usr/lib/postfix/sbin
shlib_directory = {top}/usr/lib/postfix
mail_owner = {owner}
setgid_group = {group}
default_privs = {others}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
import_environment = LD_LIBRARY_PATH MAIL_CONFIG TZ
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.net
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
smtputf8_enable = yes
relayhost = [127.0.0.1]:{far_port}
transport_maps = inline:{{ {{ {returns} = smtp:[127.0.0.1]:{door_port} }} }}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
maximal_queue_lifetime = 2s
bounce_queue_lifetime = 2s
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Route:
    """Where it hands mail on.

    Attributes:
        far_port: of the server that everything goes to.
        returns: the domain of our return paths …
        door_port: … and where its mail goes.
    """

    far_port: int
    returns: str
    door_port: int


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix.

    Attributes:
        port: where it takes mail, on 127.0.0.1.
        log: what it writes.
    """

    port: int
    log: Path


@contextmanager
def running_postfix(program: Path, route: Route) -> Iterator[Postfix]:
    """Run Postfix on a free loopback port until the block ends.

    Args:
        program: its master, of the machine or of the tools' cache. It has to be started by root, for its
            parts run as other users.
        route: where it hands mail on.
    """
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    running = Postfix(_free_port(), folder / "log")
    _lay_out(folder, program, running.port, route)
    process = subprocess.Popen(
        [program, "-c", folder / "etc", "-d"], stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_for_greeting(running, process)
        yield running
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_START_S)
        with suppress(ProcessLookupError):
            # Its parts end with it, or here: they are in the session that we opened for them.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_START_S)
        shutil.rmtree(folder)


def _lay_out(folder: Path, program: Path, port: int, route: Route) -> None:
    owner, others = pwd.getpwnam(_OWNER), pwd.getpwnam(_OTHERS)
    # It refuses to share this one with root, or with either user.
    group = next(each for each in grp.getgrall() if each.gr_gid not in (0, owner.pw_gid, others.pw_gid))
    folder.chmod(0o755)
    for name in ("etc", "queue", "queue/pid", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", _OWNER)
    for name in (*_QUEUES, "trace", *_GROUP_FOLDERS):
        made = folder / "queue" / name
        made.mkdir()
        made.chmod(_GROUP_FOLDERS.get(name, 0o700))
        os.chown(made, owner.pw_uid, group.gr_gid if name in _GROUP_FOLDERS else -1)
    unpacked = program.parent.parent / "debian"
    settings = _MAIN.format(
        folder=folder,
        top=unpacked if unpacked.is_dir() else "",
        owner=_OWNER,
        others=_OTHERS,
        group=group.gr_name,
        far_port=route.far_port,
        returns=route.returns,
        door_port=route.door_port,
    )
    (folder / "etc" / "main.cf").write_text(settings)
    (folder / "etc" / "master.cf").write_text(_MASTER.format(port=port))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for_greeting(running: Postfix, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", running.port), timeout=_START_S) as connection:
                if connection.recv(4).startswith(b"220"):
                    return
        except ConnectionError:
            time.sleep(0.02)
    said = running.log.read_text() if running.log.exists() else "nothing"
    raise RuntimeError(f"Postfix did not greet (exit status {process.poll()}); its log says: {said}")
