"""The `slackbot notices` commands, which list, retry and drop unsent notices."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from slackbot.aio import event_loop
from slackbot.settings import read_settings
from slackbot.telemetry import configure_logging

if TYPE_CHECKING:
    from slackbot.bootstrap.notices import UnsentNotice, UnsentNotices


@click.group()
def notices() -> None:
    """List, retry or drop unsent messages. The bot may be running."""
    configure_logging("error", "auto")


@notices.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(as_json: bool) -> None:
    """List pending messages and those given up within a day, without their text."""
    from slackbot.bootstrap.notices import unsent_notices

    async def read() -> list[UnsentNotice]:
        async with unsent_notices(read_settings()) as unsent:
            return await unsent.list_all()

    found = event_loop.run(read())
    if as_json:
        click.echo(json.dumps([_fields(notice) for notice in found], indent=2))
        return
    for notice in found:
        click.echo("  ".join(filter(None, _fields(notice).values())))
    click.echo(f"{len(found)} not sent." if found else "Everything is sent.")


@notices.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retry(ids: tuple[str, ...], yes: bool) -> None:
    """Retry these messages within a minute, even if they were given up.

    The bot first searches for the message, so it is not sent twice.
    """
    event_loop.run(_change(ids, "Try again", yes, lambda unsent, notice: unsent.retry(notice)))


@notices.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(ids: tuple[str, ...], yes: bool) -> None:
    """Drop these messages, so they are never sent. A match stays in the person's match list."""
    event_loop.run(_change(ids, "Never send", yes, lambda unsent, notice: unsent.drop(notice)))


async def _change(
    ids: Sequence[str],
    question: str,
    yes: bool,
    change: Callable[[UnsentNotices, UnsentNotice], Awaitable[bool]],
) -> None:
    from slackbot.bootstrap.notices import UnknownNotice, unsent_notices

    async with unsent_notices(read_settings()) as unsent:
        try:
            found = await unsent.find(ids)
        except UnknownNotice as error:
            raise click.ClickException(f"{error}; `slackbot notices list` has them") from None
        for notice in found:
            click.echo("  ".join(filter(None, _fields(notice).values())))
        if not yes:
            click.confirm(f"{question}: {len(found)}?", abort=True)
        for notice in found:
            done = await change(unsent, notice)
            click.echo(f"{notice.id}: {'done' if done else 'it was sent meanwhile'}.")


def _fields(notice: UnsentNotice) -> dict[str, str]:
    age = datetime.now(UTC) - notice.since
    return {
        "id": notice.id,
        "kind": notice.kind,
        "person": f"{notice.person.team}/{notice.person.user}",
        "age": f"{age.total_seconds():.0f} s",
        "state": notice.state,
        "reason": notice.reason,
    }
