"""What Slack refuses, and the one JSON shape everything here speaks."""

from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """A refusal of the Web API or of a response_url, by Slack's own code.

    `messages` go to `response_metadata.messages`, `extra` beside `error`;
    `status` is the HTTP status (Slack answers 200 to nearly every refusal).
    """

    def __init__(
        self,
        code: str,
        *,
        messages: list[str] | None = None,
        status: int = 200,
        retry_after: int | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages or []
        self.status = status
        self.retry_after = retry_after
        self.extra = extra or {}

    def body(self) -> Json:
        """The JSON that Slack answers."""
        body: Json = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["errors"] = self.messages
            body["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in self.messages]}
        return body


class CannotDo(AssertionError):
    """A person cannot do this: the button, field or option is not on their screen."""
