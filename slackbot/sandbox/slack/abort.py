"""Abort a connection without a response, as a network failure would."""

from starlette.types import Message, Scope, Send

TRANSPORT = "slackbot.sandbox.transport"  # scope key of the asyncio.Transport; None if unknown


def with_transport(scope: Scope, send: Send) -> Scope:
    """Return the scope with the transport in it; call it before middleware wraps `send`.

    uvicorn's `send` is a bound method of the object that owns the transport.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return {**scope, TRANSPORT: transport}


async def abort(scope: Scope, send: Send) -> None:
    """Abort the connection, or break off the response where the transport is unknown."""
    transport = scope.get(TRANSPORT)
    if transport is not None:
        transport.abort()
        return
    start: Message = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-length", b"2")],
    }
    await send(start)
