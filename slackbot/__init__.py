"""Speed networking at Accelevents events, without leaving Slack."""

from typing import Final

# Name under which the package is installed and published. `slackbot` is somebody else's there.
DISTRIBUTION: Final = "accelevents-slackbot"


def version(distribution: str = DISTRIBUTION) -> str:
    """Return the version, or `source` for a checkout that runs without being installed."""
    # Not at the top, because nothing may delay the handlers of `__main__.py`.
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "source"
