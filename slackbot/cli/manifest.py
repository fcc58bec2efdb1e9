"""The `slackbot manifest` command."""

from __future__ import annotations

import json
import re
import shlex
from urllib.parse import urlsplit

import click

from slackbot.settings import COMMAND, Settings

_DEFAULT_COMMAND = Settings.model_fields["slack_command"].default


@click.command()
@click.option("--url", metavar="https://…", help="Where Slack reaches the bot, without a path.")
@click.option("--socket-mode", is_flag=True, help="Without a public address.")
@click.option("--command", default=_DEFAULT_COMMAND, show_default=True, help="As in SLACK_COMMAND.")
@click.option("--contact-swap", is_flag=True, help="With the scope that CONTACT_SWAP=on needs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for Slack's own tools.")
def manifest(
    url: str | None, socket_mode: bool, command: str, contact_swap: bool, as_json: bool
) -> None:
    """Print the manifest from which to create the Slack app."""
    from slackbot.slack.manifest import as_yaml
    from slackbot.slack.manifest import manifest as build_manifest

    if (url is None) is not socket_mode:
        raise click.UsageError("Say either --url https://… or --socket-mode.")
    if not re.fullmatch(COMMAND, command):
        raise click.BadParameter("is not like /networking", param_hint="--command")
    if url is not None and not _is_public(url):
        reason = "must be like https://bot.example.com: Slack posts to HTTPS alone"
        raise click.BadParameter(reason, param_hint="--url")
    built = build_manifest(url, command, contact_swap=contact_swap)
    if as_json:
        click.echo(json.dumps(built, indent=2, ensure_ascii=False))
        return
    arguments = ["--socket-mode"] if url is None else ["--url", url]
    if command != _DEFAULT_COMMAND:
        arguments += ["--command", command]
    arguments += ["--contact-swap"] if contact_swap else []
    click.echo(as_yaml(built, shlex.join(["slackbot", "manifest", *arguments])), nl=False)


def _is_public(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme != "https" or not parts.hostname or not url.isascii() or " " in url:
        return False
    return url.isprintable() and not (parts.query or parts.fragment or parts.username)
