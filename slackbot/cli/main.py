"""The command line."""

from __future__ import annotations

import os
import sys

import click

from slackbot import version
from slackbot.aio import event_loop
from slackbot.cli.doctor import doctor
from slackbot.cli.init import init
from slackbot.cli.manifest import manifest
from slackbot.cli.notices import notices
from slackbot.cli.receipt import receipt
from slackbot.cli.server import serve
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.workers import Role
from slackbot.redaction import LONGEST_ERROR, clean, redacted_traceback
from slackbot.settings import (
    Settings,
    SettingsError,
    read_settings,
    split,
    unknown_settings,
)


class Commands(click.Group):
    """A command group that reports every error as a one-line message."""

    def invoke(self, ctx: click.Context) -> None:
        """Run a command, and translate its errors to messages."""
        try:
            super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except SettingsError as error:
            lines = [*error.args, *map(str, unknown_settings())]
            raise click.ClickException("; ".join(lines)) from None
        except StoreUnavailable as error:
            raise click.ClickException(f"DATABASE_URL: {error}") from None
        except Exception as error:  # noqa: BLE001 - one line, whatever it is
            raise click.ClickException(_unforeseen(error)) from None


def _unforeseen(error: Exception) -> str:
    """Return one redacted line. If LOG_LEVEL is debug, print the redacted traceback first."""
    if os.environ.get("LOG_LEVEL", "").strip().lower() == "debug":
        click.echo(redacted_traceback(error), err=True)
    said = clean(str(error).partition("\n")[0], ours=False, longest=LONGEST_ERROR)
    return (
        f"it ended by an error that was not foreseen: {type(error).__name__}: {said} "
        "(`slackbot doctor` examines what the bot needs; LOG_LEVEL=debug shows where it happened)"
    )


def show_version(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    """Show the version, also in a checkout that is not installed."""
    if asked and not context.resilient_parsing:
        click.echo(f"{context.find_root().info_name}, version {version()}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Speed networking at Accelevents events, without leaving Slack."""


@main.command()
def run() -> None:
    """Run the whole bot in one process, until SIGTERM or Ctrl-C."""
    serve(read_settings(), Role.RUN)


@main.command()
def web() -> None:
    """Serve only Slack's requests, together with workers (requires PostgreSQL)."""
    serve(read_settings(), Role.WEB)


@main.command()
def worker() -> None:
    """Hold feeds and deliver notices, together with a web process (requires PostgreSQL)."""
    serve(read_settings(), Role.WORKER)


@main.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    from slackbot.bootstrap import database

    for step in event_loop.run(database.migrate(read_settings(), click.echo)):
        click.echo(f"Migrated: {step}")
    click.echo("The database is up to date.")


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypt all secrets with the first of SLACKBOT_SECRET_KEYS. The bot may be running."""
    from slackbot.bootstrap import database

    settings = read_settings()
    result = event_loop.run(database.rotate_keys(settings))
    unreadable = result.undecryptable.total()
    click.echo(
        f"{result.rotated} resealed, {result.already_current} already had the newest key, "
        f"{unreadable} could not be opened."
    )
    if unreadable:
        reasons = ", ".join(f"{reason}: {n}" for reason, n in result.undecryptable.most_common())
        raise click.ClickException(f"Keep the other keys for now. Not opened: {reasons}.")
    if len(split(settings.slackbot_secret_keys.get_secret_value())) > 1:
        click.echo("The other keys can be removed.")
    else:
        click.echo("There is one key. To change it, put a new one before it and run this again.")


@main.command()
@click.option("--keep", is_flag=True, help="Leave it all running, and print the addresses.")
def demo(keep: bool) -> None:
    """Run a complete demo on this machine, with simulated Slack and Accelevents servers."""
    from slackbot.sandbox.story import play
    from slackbot.web.call.assets import STATIC, is_built

    no_page = "" if is_built(STATIC) else "the call page is not built (`make page`)"
    sys.exit(event_loop.run(play(keep=keep, no_page=no_page)))


@main.command()
@click.option("--port", default=0, metavar="N", help="The page's port; a free one by default.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def playground(port: int, no_browser: bool) -> None:
    """Try it in the browser: two people, with simulated Slack and Accelevents servers."""
    from slackbot.sandbox.playground import open_playground
    from slackbot.slack.manifest import manifest as build_manifest
    from slackbot.web.call.assets import STATIC, is_built

    app = build_manifest(None, Settings.model_fields["slack_command"].default)
    no_page = "" if is_built(STATIC) else "the call page is not built (`make page`)"
    opened = open_playground(app, port=port, browser=not no_browser, no_page=no_page)
    sys.exit(event_loop.run(opened))


main.add_command(doctor)
main.add_command(init)
main.add_command(manifest)
main.add_command(notices)
main.add_command(receipt)
