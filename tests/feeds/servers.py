"""Official Node servers, and nginx before any server, as processes on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from slackbot.sandbox.story.bot_process import free_port

from .netty import TOKEN, Auth

FOLDER: Final = Path(__file__).parent / "node"
NODE_MAJORS: Final = ("2", "3", "4")
START_SECONDS: Final = 20.0
# Debian keeps it out of the path of who is not root.
SEARCHED: Final = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])

_NGINX: Final = """
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }}
  }}
}}
"""


def missing() -> list[str]:
    """Return what the matrix needs and this machine has not."""
    programs = [name for name in ("node", "nginx") if not shutil.which(name, path=SEARCHED)]
    return programs + ([] if (FOLDER / "node_modules").is_dir() else ["npm ci"])


def node_version(major: str) -> str:
    """Return the exact version of a Node server."""
    package = FOLDER / "node_modules" / f"socket.io-{major}" / "package.json"
    return str(json.loads(package.read_bytes())["version"])


@asynccontextmanager
async def node_server(
    major: str, auth: Auth, namespace: str, events: list[tuple[Any, ...]]
) -> AsyncIterator[str]:
    """Run a Socket.IO server of Node and yield its URL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.json"
        path.write_text(json.dumps(events, default=lambda data: {"buffer": data.decode()}))
        process = await asyncio.create_subprocess_exec(
            *("node", "server.cjs", major, auth, namespace, TOKEN, str(path)),
            cwd=FOLDER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                port = int(await process.stdout.readline())
            yield f"http://127.0.0.1:{port}"
        finally:
            await _end(process)


@asynccontextmanager
async def behind_nginx(url: str) -> AsyncIterator[str]:
    """Run nginx before a server and yield its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = _NGINX.format(port=port, upstream=urlsplit(url).port)
        (Path(folder) / "nginx.conf").write_text(config)
        nginx = shutil.which("nginx", path=SEARCHED)
        assert nginx is not None
        process = await asyncio.create_subprocess_exec(
            *(nginx, "-p", folder, "-c", "nginx.conf", "-e", "error.log"),
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                await _listening(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            await _end(process)


async def _listening(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
