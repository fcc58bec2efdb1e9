"""Sends requests to the bot from a process of its own, all in the same moment, and times them.

Started as `python -m tests.resilience.sender HOST PORT NUMBER`: reads that many requests, a JSON
line each, opens a connection for each, sends them together, and writes a JSON line for each
answer, all when the last one is there. Neither Slack's nor the platform's work in the test's
process makes an answer look late, and what the test does with answers keeps neither of them from
their work.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from slackbot.sandbox.slack import BotResponse, User
from slackbot.sandbox.slack.transport import HttpTransport, Transport

ROOM = 2**22  # bytes of one line


class Sender:
    """The other process, seen from the test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[tuple[BotResponse, float]]] = {}

    async def send(
        self, path: str, body: str, headers: Mapping[str, str]
    ) -> tuple[BotResponse, float]:
        """Hand a request over; gives its answer, and when that came on `time.monotonic()`."""
        assert self._process.stdin is not None
        number = len(self._answers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        line = {"number": number, "path": path, "body": body, "headers": dict(headers)}
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        return await answer

    @property
    def answered(self) -> int:
        """How many answers it brought."""
        return sum(answer.done() for answer in self._answers.values())

    async def listen(self) -> None:
        """Take answers until there are no more."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            answer = self._answers[said.pop("number")]
            came_at = said.pop("came_at")
            answer.set_result((BotResponse(**said), came_at))


class ByTheOther(HttpTransport):
    """Signed requests as Slack's, sent by the other process."""

    def __init__(self, person: User, sender: Sender) -> None:
        super().__init__(person.slack, person.bot_url)
        self._sender = sender
        # When the last answer came, on `time.monotonic()`, which all processes share.
        self.answered_at = 0.0

    async def raw(
        self, path: str, body: str, headers: Mapping[str, str], content_type: str
    ) -> BotResponse:
        sent = {**headers, "content-type": content_type}
        answer, self.answered_at = await self._sender.send(path, body, sent)
        return answer


class Sends(User):
    """A person whose requests go out from the other process."""

    line: ByTheOther

    @property
    def _transport(self) -> Transport:
        return self.line


def sending(person: User, sender: Sender) -> Sends:
    """The same person, acting by way of the sender."""
    other = Sends(person.slack, person.workspace, person.member, person.bot_url)
    other.line = ByTheOther(person, sender)
    return other


@asynccontextmanager
async def sender_to(host: str, port: int, number: int) -> AsyncIterator[Sender]:
    """A process that sends so many requests to this address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.resilience.sender", host, str(port), str(number)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=ROOM,
    )
    sender = Sender(process)
    listening = asyncio.create_task(sender.listen())
    try:
        yield sender
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
    assert sender.answered == number, "the other process was not of use"


# --- the other process ---------------------------------------------------------------------------


async def _one(
    host: str, port: int, request: dict[str, Any], start: asyncio.Barrier
) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection(host, port, limit=ROOM)
    body = request["body"].encode()
    headers = {**request["headers"], "host": host, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    await start.wait()
    began = time.perf_counter()
    writer.write(f"POST {request['path']} HTTP/1.1\r\n{head}connection: close\r\n\r\n".encode())
    writer.write(body)
    try:
        async with asyncio.timeout(3.0):
            answer = _read(await reader.read())
    except TimeoutError:
        answer = {"status": None, "body": "", "error": "operation_timeout"}
    answer |= {"seconds": time.perf_counter() - began, "came_at": time.monotonic()}
    writer.close()
    return answer | {"number": request["number"]}


def _read(raw: bytes) -> dict[str, Any]:
    head, _, body = raw.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    status = int(first.split()[1]) if first else None
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    error = None if status == 200 else "dispatch_failed"
    return {"status": status, "body": body, "headers": headers, "error": error}


async def _send_all(host: str, port: int, requests: list[dict[str, Any]]) -> None:
    start = asyncio.Barrier(len(requests))
    answers = await asyncio.gather(*(_one(host, port, one, start) for one in requests))
    sys.stdout.writelines(f"{json.dumps(answer)}\n" for answer in answers)


if __name__ == "__main__":
    lines = [json.loads(sys.stdin.readline()) for _ in range(int(sys.argv[3]))]
    asyncio.run(_send_all(sys.argv[1], int(sys.argv[2]), lines))
