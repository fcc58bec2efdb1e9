"""Closing a connection without an answer, as a broken line would."""

from starlette.types import Message, Scope, Send

CUT = "slackbot.sandbox.cut"


def with_cutter(scope: Scope, send: Send) -> Scope:
    """The scope with a way down to the transport, taken before any middleware wraps `send`.

    uvicorn's `send` is a method of an object that has the transport.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return {**scope, CUT: transport}


async def cut(scope: Scope, send: Send) -> None:
    """Close the line: at once where the server lets us, else in the middle of the answer."""
    transport = scope.get(CUT)
    if transport is not None:
        transport.abort()
        return
    start: Message = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-length", b"2")],
    }
    await send(start)
