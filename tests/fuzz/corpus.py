"""The corpus of Slack's requests: `tests/payloads/slack/`, one file for each kind."""

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
    """One file: a `form`, `payload`, `json` or `raw` body, and the expected outcome.

    The outcome is `status`, `says` (a part of the response), `calls` (of Slack's Web API, `[]`
    for none) and `changes` (the tables whose rows change, by default none).
    """

    name: str
    file: dict[str, Any]

    @property
    def kind(self) -> str:
        """The encoding of the body."""
        return next(kind for kind in ("form", "payload", "json", "raw") if kind in self.file)

    @property
    def content(self) -> Any:
        """The body before encoding."""
        return self.file[self.kind]

    @property
    def status(self) -> int:
        """The expected status."""
        return int(self.file["status"])

    @property
    def changes(self) -> list[str]:
        """The tables whose rows are expected to change."""
        return list(self.file.get("changes", []))

    async def send(self, target: Target) -> tuple[int, bytes]:
        """Send the unchanged request."""
        return await send(target, self.kind, self.content, self.file.get("content_type"))


async def send(
    target: Target, kind: str, content: Any, content_type: str | None = None
) -> tuple[int, bytes]:
    """Encode, sign and send a body; return status and body of the response."""
    match kind:
        case "form":
            values = {name: target.fill_in(str(value)) for name, value in content.items()}
            return await target.post(urlencode(values, errors="replace"), FORM)
        case "payload":
            return await target.post(
                urlencode({"payload": target.fill_in(json.dumps(content))}, errors="replace")
            )
        case "json":
            return await target.post(target.fill_in(json.dumps(content)), JSON)
        case _:
            return await target.post(content, content_type or FORM)


def cases() -> list[Case]:
    """Return all cases, sorted by name."""
    return [
        Case(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*"))
    ]
