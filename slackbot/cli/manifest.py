"""`slackbot manifest`."""

from __future__ import annotations

import json
import re
import shlex
from urllib.parse import urlsplit

import click

from slackbot.settings import COMMAND, Settings

_COMMAND = Settings.model_fields["slack_command"].default


@click.command()
@click.option("--url", metavar="https://…", help="Where Slack reaches the bot, without a path.")
@click.option("--socket-mode", is_flag=True, help="Without a public address.")
@click.option("--command", default=_COMMAND, show_default=True, help="As in SLACK_COMMAND.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for Slack's own tools.")
def manifest(url: str | None, socket_mode: bool, command: str, as_json: bool) -> None:
    """Print the manifest that makes the Slack app."""
    from slackbot.slack import manifest as made

    if (url is None) is not socket_mode:
        raise click.UsageError("Say either --url https://… or --socket-mode.")
    if not re.fullmatch(COMMAND, command):
        raise click.BadParameter("is not like /networking", param_hint="--command")
    whole = made.manifest(None if url is None else _public(url), command)
    if as_json:
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        click.echo(made.as_yaml(whole, _made_by(url, command)), nl=False)


def _public(url: str) -> str:
    """The address, if Slack can post to it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and parts.hostname and url.isascii() and url.isprintable()
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or " " in url:
        told = "must be like https://bot.example.com: Slack posts to HTTPS alone"
        raise click.BadParameter(told, param_hint="--url")
    return url


def _made_by(url: str | None, command: str) -> str:
    how = ["--socket-mode"] if url is None else ["--url", url]
    how += [] if command == _COMMAND else ["--command", command]
    return shlex.join(["slackbot", "manifest", *how])
