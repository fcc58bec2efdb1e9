"""Errors of the sandbox's Slack, and the type of a JSON object."""

from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """An error response of the Web API or of a response_url, by Slack's error code."""

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
        self.messages = messages or []  # for `response_metadata.messages`
        self.status = status  # HTTP; Slack responds 200 to nearly every error
        self.retry_after = retry_after  # seconds
        self.extra = extra or {}  # fields beside `error`

    def body(self) -> Json:
        """Return the JSON body of the response."""
        body: Json = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["errors"] = self.messages
            body["response_metadata"] = {"messages": [f"[ERROR] {m}" for m in self.messages]}
        return body


class CannotDo(AssertionError):
    """A user cannot do this: the button, field or option is not on their screen."""
