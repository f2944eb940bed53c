"""How much memory a process can still take."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path


def memory_left(root: Path = Path("/")) -> int:
    """Bytes that the machine, by Linux's own estimate, and the control groups (version 2) that this
    process is in can spare; elsewhere all the memory of the machine."""
    try:
        kilobytes = _number("MemAvailable:", root / "proc/meminfo")
        return max(min([kilobytes * 1024, *_left_by_groups(root)]), 0)
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _left_by_groups(root: Path) -> Iterator[int]:
    top = root / "sys/fs/cgroup"
    own = re.search("^0::/(.*)$", (root / "proc/self/cgroup").read_text(), re.MULTILINE)
    group = top / (own[1] if own else "")
    for folder in (group, *group.parents):
        try:
            limit = int((folder / "memory.max").read_text())
            used = int((folder / "memory.current").read_text())
            yield limit - used + _number("inactive_file", folder / "memory.stat")
        except (OSError, ValueError):
            continue  # no limit, or not seen from in here


def _number(name: str, file: Path) -> int:
    """Raises ValueError where the file does not tell it."""
    found = re.search(rf"^{name}\s+(\d+)", file.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} lacks {name}")
    return int(found[1])
