"""The corpus of Slack's inputs: `tests/payloads/slack/`, one file for each kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.fuzz.target import FORM, Target

FOLDER = Path(__file__).parents[1] / "payloads" / "slack"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Case:
    """One file. It has `form`, `payload`, `json` or `raw`, and what is meant to come of it.

    `status`; `says` (a piece of the answer); `calls` (of Slack's Web API, `[]` for none);
    `changes` (the tables in which rows change, by default none).
    """

    name: str
    file: dict[str, Any]

    @property
    def kind(self) -> str:
        """How it is dressed."""
        return next(kind for kind in ("form", "payload", "json", "raw") if kind in self.file)

    @property
    def content(self) -> Any:
        """What it carries."""
        return self.file[self.kind]

    @property
    def status(self) -> int:
        """What it is answered with."""
        return int(self.file["status"])

    @property
    def changes(self) -> list[str]:
        """The tables in which rows change."""
        return list(self.file.get("changes", []))

    async def send(self, target: Target) -> tuple[int, bytes]:
        """Send it as it is."""
        return await send(target, self.kind, self.content, self.file.get("content_type"))


async def send(
    target: Target, kind: str, content: Any, content_type: str | None = None
) -> tuple[int, bytes]:
    """Send a content in its dress, signed."""
    match kind:
        case "form":
            filled = {name: target.filled(str(value)) for name, value in content.items()}
            return await target.post(urlencode(filled, errors="replace"), FORM)
        case "payload":
            return await target.post(
                urlencode({"payload": target.filled(json.dumps(content))}, errors="replace")
            )
        case "json":
            return await target.post(target.filled(json.dumps(content)), JSON)
        case _:
            return await target.post(content, content_type or FORM)


def cases() -> list[Case]:
    """All of them, by name."""
    return [
        Case(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*"))
    ]
