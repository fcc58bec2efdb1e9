"""The `slackbot init` command, which writes the `.env` of a new installation."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import Any, Final

import click
from pydantic import TypeAdapter, ValidationError

from slackbot.cli.doctor import doctor
from slackbot.cli.manifest import manifest
from slackbot.setting_types import AppToken, BotToken, SigningSecret
from slackbot.settings import ENV_FILE

# Only the owner may read and write the file.
_MODE: Final = 0o600
# Other characters would have a meaning of their own in the file.
_PLAIN: Final = re.compile(r"[\w.-]*", re.ASCII)

_EXISTS: Final = f"{ENV_FILE} exists and stays as it is; `slackbot doctor` checks it"
_STEPS: Final = """\
1. At https://api.slack.com/apps, choose Create New App, From a manifest, and paste this:
"""
_NEXT_STEPS: Final = """
2. Install the app to your workspace, then paste these two here. They are not shown.
   Press Enter to fill one in later.
"""


@dataclass(frozen=True, slots=True)
class _Secret:
    """A setting to ask for: its type, and where it is on the Slack app's pages."""

    variable: str
    form: Any
    place: str


_BOT_TOKEN: Final = _Secret(
    "SLACK_BOT_TOKEN", BotToken, "OAuth & Permissions, Bot User OAuth Token (xoxb-…)"
)
_APP_TOKEN: Final = _Secret(
    "SLACK_APP_TOKEN",
    AppToken,
    "Basic Information, App-Level Tokens, Generate, with connections:write (xapp-…)",
)
_SIGNING_SECRET: Final = _Secret(
    "SLACK_SIGNING_SECRET", SigningSecret, "Basic Information, App Credentials, Signing Secret"
)


@click.command()
@click.option(
    "--url", metavar="https://…", help="Where Slack reaches the bot, instead of Socket Mode."
)
@click.pass_context
def init(context: click.Context, url: str | None) -> None:
    """Set up a new installation: print the manifest, write .env, run doctor.

    It asks for two secrets of the Slack app. In a script, set them as environment variables, or
    pipe them in, one a line. A file .env that exists is never changed.
    """
    if os.path.lexists(ENV_FILE):
        raise click.ClickException(_EXISTS)
    click.echo(_STEPS, err=True)
    context.invoke(manifest, url=url, socket_mode=url is None)
    click.echo(_NEXT_STEPS, err=True)
    asked = (_BOT_TOKEN, _APP_TOKEN if url is None else _SIGNING_SECRET)
    _write_settings({secret.variable: _read(secret) for secret in asked}, url)
    click.echo(f"\n3. {ENV_FILE} is written, with a new key. Only you can read it. Now checking:\n")
    context.invoke(doctor)


def _read(secret: _Secret) -> str:
    """Read a secret from the environment, a prompt or a pipe, never from an argument."""
    if given := os.environ.get(secret.variable, "").strip():
        click.echo(f"{secret.variable} is taken from the environment.", err=True)
        _check(secret, given)
        return given
    if not sys.stdin.isatty():
        piped = sys.stdin.readline().strip()
        _check(secret, piped)
        return piped
    while True:
        label = f"{secret.place}\n{secret.variable}"
        typed: str = click.prompt(label, "", hide_input=True, show_default=False, err=True)
        try:
            _check(secret, typed.strip())
        except click.ClickException as error:
            error.show()
        else:
            return typed.strip()


def _check(secret: _Secret, value: str) -> None:
    """Check the form of a value. An empty one is filled in later."""
    if not value:
        return
    if not _PLAIN.fullmatch(value):
        raise click.ClickException(f"{secret.variable} has characters that Slack does not use")
    try:
        TypeAdapter(secret.form).validate_python(value)
    except ValidationError as error:
        why = error.errors(include_input=False, include_url=False)[0]["msg"]
        message = f"{secret.variable} {why.removeprefix('Value error, ')}"
        raise click.ClickException(message) from None


def _write_settings(secrets: dict[str, str], url: str | None) -> None:
    """Create the file, which must not exist yet."""
    from slackbot.storage import encryption

    public_url = [] if url is None else ["# Where browsers reach the bot.", f"PUBLIC_URL={url}", ""]
    lines = [
        "# Written by slackbot init. docs/settings.md lists every setting.",
        "",
        "# From your Slack app's pages OAuth & Permissions and Basic Information.",
        *(f"{name}={value}" for name, value in secrets.items()),
        "",
        "# Encrypts tokens in the database. Keep a copy elsewhere: a backup is useless without it.",
        f"SLACKBOT_SECRET_KEYS={encryption.new_key()}",
        "",
        *public_url,
        "# The event that most people here are at: the last part of its address.",
        "ACCELEVENTS_EVENT=",
    ]
    try:
        descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError:
        raise click.ClickException(_EXISTS) from None
    except OSError as error:
        raise click.ClickException(f"{ENV_FILE} cannot be written ({error.strerror})") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
