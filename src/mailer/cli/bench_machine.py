"""What a figure depends on besides us: the folder's file system, its disk, this process's memory."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_MOUNTS = Path("/proc/self/mounts")
_STATUS = Path("/proc/self/status")
_SYNC_FOR_S = 0.5
_PAGE = b"\0" * 4096


def file_system(folder: Path) -> str:
    """Return the type of the file system that holds *folder*, such as ``ext4``; empty where none is known."""
    folder = folder.resolve()
    if not _MOUNTS.exists():
        return ""
    found, deepest = "", 0
    for line in _MOUNTS.read_text("utf-8", "replace").splitlines():
        _, place, kind = line.split(" ")[:3]
        # A blank in a path is written as \040 (proc(5), fstab(5)).
        mounted = Path(place.replace("\\040", " "))
        # Of two mounts on one place the later hides the earlier.
        if folder.is_relative_to(mounted) and len(mounted.parts) >= deepest:
            found, deepest = kind, len(mounted.parts)
    return found


def is_in_memory(kind: str) -> bool:
    """Tell whether a file system of that type keeps nothing on a disk."""
    return kind in _IN_MEMORY


def syncs_per_s(folder: Path) -> float:
    """Measure how often a second one page can be written and made durable in *folder*."""
    path = folder / "sync"
    count = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        began = time.perf_counter()
        while time.perf_counter() - began < _SYNC_FOR_S:
            os.pwrite(descriptor, _PAGE, 0)
            os.fdatasync(descriptor)
            count += 1
        return count / (time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()


def peak_rss_bytes() -> int:
    """Return the most memory that this process has had at any moment."""
    if _STATUS.exists():
        # Not getrusage: there a process begins with the peak of whoever started it.
        for line in _STATUS.read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
