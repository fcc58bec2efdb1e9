"""Which process has which local port: so the sandbox's peers are known without asking the bot."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def _inodes() -> dict[int, int]:
    """The socket behind each local TCP port of this machine's 127.0.0.1, by inode."""
    found = {}
    for line in (PROC / "net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        found[int(columns[9])] = int(columns[1].rsplit(":", 1)[1], 16)
    return found


def ports_of(pids: Iterable[int]) -> dict[int, int]:
    """The process of each local port that one of them has; who has ended has none."""
    inodes, owners = _inodes(), {}
    for pid in pids:
        try:
            names = os.listdir(PROC / str(pid) / "fd")
        except OSError:
            continue
        for name in names:
            try:
                target = os.readlink(PROC / str(pid) / "fd" / name)
            except OSError:
                continue
            if target.startswith("socket:[") and (port := inodes.get(int(target[8:-1]))):
                owners[port] = pid
    return owners
