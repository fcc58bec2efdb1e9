"""Check this machine's limit on open files and the permissions of the bot's own files."""

from __future__ import annotations

import resource
import stat
from pathlib import Path
from typing import Final

from slackbot.domain.findings import Finding, Subject

# Open files other than feeds: requests to Accelevents (200), to and from Slack, and the database.
FILES_BESIDE_FEEDS: Final = 300
FEWEST_FEEDS: Final = 100  # the bot is of no use with fewer
USUAL_FEEDS: Final = 2_000  # a large event
# Permissions that a file with secrets must not grant. The group may read it, for a service.
_EXPOSED: Final = stat.S_IRWXO | stat.S_IWGRP


def check_open_files() -> Finding:
    """Report how many feeds the hard limit allows. `run` raises the soft limit to it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    message = "limit {limit}, room for {feeds} feeds"
    if hard == resource.RLIM_INFINITY:
        return Subject.FILES.ok("files_enough", message, limit="none", feeds="any")
    feeds = max(hard - FILES_BESIDE_FEEDS, 0)
    facts = {"limit": f"{hard:,}", "feeds": f"{feeds:,}"}
    if feeds >= USUAL_FEEDS:
        return Subject.FILES.ok("files_enough", message, **facts)
    hint = "raise the hard limit (ulimit -Hn, LimitNOFILE)"
    if feeds >= FEWEST_FEEDS:
        hint += " before a large event"
        return Subject.FILES.warning("files_few", f"{message} only", hint, **facts)
    hint += " to 4096 or more"
    return Subject.FILES.failure("files_too_few", f"{message} only", hint, **facts)


def check_private_files(env_file: Path, data_dir: Path | None) -> list[Finding]:
    """Report files with secrets that other users of this machine can read or change.

    `data_dir` is the folder of the SQLite files. It protects them if other users cannot enter it.
    """
    files = [] if _mode(env_file) is None else [env_file]
    exposed = [env_file] if (_mode(env_file) or 0) & _EXPOSED else []
    if data_dir is not None and (mode := _mode(data_dir)) is not None:
        files.append(data_dir)
        if mode & stat.S_IXOTH and any(
            (_mode(file) or 0) & _EXPOSED for file in data_dir.glob("*.db")
        ):
            exposed.append(data_dir)
    if not exposed:
        names = ", ".join(str(file) for file in files) or "no file with secrets"
        return [Subject.PRIVATE.ok("files_private", "{files}: closed to others", files=names)]
    return [
        Subject.PRIVATE.warning(
            "files_exposed",
            "other users of this machine can read or change {path} ({mode})",
            "run chmod {private} {path}",
            path=str(path),
            mode=f"{stat.S_IMODE(path.stat().st_mode):04o}",
            private="700" if path.is_dir() else "600",
        )
        for path in exposed
    ]


def _mode(path: Path) -> int | None:
    """Return the file's mode, or None if there is no such file."""
    try:
        return path.stat().st_mode
    except OSError:
        return None
