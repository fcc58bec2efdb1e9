"""`slackbot doctor`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import click
import uvloop
from pydantic import SecretStr
from rich.console import Console
from rich.text import Text

from slackbot.cli.doctor_texts import said
from slackbot.domain.credentials import AccessToken, read_credential, read_event
from slackbot.domain.errors import InputError
from slackbot.domain.findings import Finding, Grade
from slackbot.telemetry import configure_logging

if TYPE_CHECKING:
    from slackbot.doctor.checks import AsAttendee

STYLES: Final = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.FAILURE: "bold red"}
_GRADE_WIDTH: Final = 9
_SUBJECT_WIDTH: Final = 14


@click.command()
@click.option("--new-key", is_flag=True, help="Print a key for SLACKBOT_SECRET_KEYS, and no more.")
@click.option("--as-attendee", is_flag=True, help="Ask for an attendee's token and try it too.")
@click.option("--event", metavar="SLUG", help="The event that the token is for.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(0.1, 120),
    default=10.0,
    show_default=True,
    help="Seconds that each check may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(
    new_key: bool, as_attendee: bool, event: str | None, seconds: float, as_json: bool
) -> None:
    """Look at everything the bot needs, and say what is wrong and what to do.

    Ends with status 1 when something failed.
    """
    if new_key:
        from slackbot.bootstrap.database import new_secret_key

        click.echo(new_secret_key())
        return
    if as_attendee is not (event is not None):
        raise click.UsageError("--as-attendee and --event SLUG go together.")
    from slackbot.doctor.checks import examine

    configure_logging("error", "auto")
    attendee = None if event is None else _attendee(event)
    found = uvloop.run(_told(examine(attendee, seconds), as_json=as_json))
    sys.exit(1 if found[Grade.FAILURE] else 0)


def _attendee(event: str) -> AsAttendee:
    """Whose eyes to look with. The token is typed unseen or comes by a pipe, never as argument."""
    from slackbot.doctor.checks import AsAttendee

    try:
        slug = read_event(event)
    except InputError:
        raise click.BadParameter("is no event's slug or link", param_hint="--event") from None
    return AsAttendee(slug, _token())


def _token() -> SecretStr:
    if sys.stdin.isatty():
        typed = click.prompt("The attendee's access token", hide_input=True, err=True)
    else:
        typed = sys.stdin.readline()
    try:
        credential = read_credential(typed)
    except InputError:
        raise click.UsageError("That is no access token.") from None
    if not isinstance(credential, AccessToken):
        raise click.UsageError("That is a magic link, which works only once: give a token.")
    return credential.token


async def _told(findings: AsyncIterator[Finding], *, as_json: bool) -> Counter[Grade]:
    """Print each finding as it comes; how many there are of each grade."""
    counted: Counter[Grade] = Counter()
    rows: list[dict[str, Any]] = []
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    async for finding in findings:
        counted[finding.grade] += 1
        if as_json:
            rows.append(_row(finding))
        else:
            console.print(_line(finding))
    if as_json:
        click.echo(json.dumps({"ok": not counted[Grade.FAILURE], "findings": rows}, indent=2))
    else:
        console.print(_sum(counted))
    return counted


def _line(finding: Finding) -> Text:
    case, advice = said(finding)
    line = Text.assemble(
        (f"{finding.grade:<{_GRADE_WIDTH}}", STYLES[finding.grade]),
        (f"{finding.subject:<{_SUBJECT_WIDTH}}", "bold"),
        case,
    )
    return line.append(f" → {advice}", "dim") if advice else line


def _sum(counted: Counter[Grade]) -> str:
    if not counted[Grade.FAILURE] and not counted[Grade.WARNING]:
        return "All is well."
    return f"Failures: {counted[Grade.FAILURE]}. Warnings: {counted[Grade.WARNING]}."


def _row(finding: Finding) -> dict[str, Any]:
    case, advice = said(finding)
    return {
        "grade": finding.grade,
        "subject": finding.subject,
        "cause": finding.cause,
        "said": case,
        "advice": advice,
        "facts": dict(finding.facts),
    }
