"""The configuration of uvicorn with connection limits and trusted proxies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from slackbot.domain.addresses import TrustedProxies
from slackbot.web.connections import Connections, Limits, protocol_class

# Seconds for requests to finish at shutdown. First replies are sent within two seconds.
STOP_SECONDS: Final = 3


def server_config(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    trusted_proxies: Sequence[str],
    limits: Limits | None = None,
) -> uvicorn.Config:
    """Return the configuration of a server for `app`."""
    limits = limits or Limits()
    connections = Connections(TrustedProxies.of(trusted_proxies), limits)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol_class(connections),
        ws="none",
        timeout_keep_alive=limits.keep_alive_seconds,  # type: ignore[arg-type]  # it takes fractions
        forwarded_allow_ips=list(trusted_proxies),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
