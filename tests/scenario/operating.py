"""What operators ask of a running bot."""

from __future__ import annotations

import asyncio

import httpx


async def wait_for_readyz(
    http: httpx.AsyncClient, status: int, red: set[str], seconds: float
) -> None:
    """Poll `/readyz` until it answers with this status and these parts failing."""
    async with asyncio.timeout(seconds):
        while True:
            answer = await http.get("/readyz")
            named = {name for name, well in answer.json().items() if not well}
            if (answer.status_code, named) == (status, red):
                return
            await asyncio.sleep(0.05)
