"""Whether a token or a join token stands in clear in any file that the bots wrote."""

from __future__ import annotations

from pathlib import Path

from .stage import Stage


def scan(here: Stage) -> int:
    """How many secrets are found in the databases' files and the logs."""
    secrets = {token.encode() for token in here.tokens}
    for pairing in here.platform.pairings:
        secrets |= {str(each["JoinToken"]).encode() for each in pairing.chime_attendees.values()}
    places = [here.folder]
    if here.server is not None:
        databases = here.server.folder
        places += [databases / "data", databases / "backup", *databases.glob("replica-*")]
    if here.server is not None:
        here.server.execute("CHECKPOINT")
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    return sum(_holds(file, secrets) for file in files)


def _holds(file: Path, secrets: set[bytes]) -> int:
    try:
        content = file.read_bytes()
    except OSError:
        return 0
    return sum(secret in content for secret in secrets)
