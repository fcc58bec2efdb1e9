"""A process with a terminal of its own, as a person runs it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import termios
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 60.0


class Terminal:
    """The terminal of a running process; `shown` is what a person has seen so far."""

    def __init__(self, process: asyncio.subprocess.Process, descriptor: int) -> None:
        self.process = process
        self.shown = ""
        self._descriptor = descriptor
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._descriptor, 65536).decode(errors="replace")
        except OSError:  # the process has ended
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self._more.set()

    async def shows(self, text: str, times: int = 1) -> None:
        """Wait until the text has been shown, so many times in all.

        Wait for a prompt before typing: what is typed earlier is discarded by some of them.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.shown.count(text) < times:
                self._more.clear()
                await self._more.wait()

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._descriptor, f"{line}\n".encode())

    async def ends(self) -> int:
        """Wait for the end of the process, and return its exit status."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()


def _take_terminal() -> None:
    """Make standard input the controlling terminal of the new session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def in_terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> AsyncIterator[Terminal]:
    """Run a command in a new terminal; kill it at the end."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TERM": "dumb", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
