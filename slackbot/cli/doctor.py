"""The `slackbot doctor` command."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.text import Text

from slackbot.aio import event_loop
from slackbot.domain.credentials import AccessToken, read_credential, read_event
from slackbot.domain.errors import InputError
from slackbot.domain.findings import Finding, Grade
from slackbot.telemetry import configure_logging

if TYPE_CHECKING:
    from slackbot.doctor.runner import Attendee

_STYLES: Final = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.FAILURE: "bold red"}
# Widths of the columns, in characters.
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
    """Check everything that the bot needs, and report problems and how to fix them.

    The exit status is 1 if a check failed.
    """
    if new_key:
        from slackbot.storage import encryption

        click.echo(encryption.new_key())
        return
    if as_attendee is not (event is not None):
        raise click.UsageError("--as-attendee and --event SLUG go together.")
    from slackbot.doctor.runner import run_checks

    configure_logging("error", "auto")
    attendee = None if event is None else _read_attendee(event)
    grades = event_loop.run(_print_findings(run_checks(attendee, seconds), as_json=as_json))
    sys.exit(1 if grades[Grade.FAILURE] else 0)


def _read_attendee(event: str) -> Attendee:
    """Read the token from a prompt or a pipe, never from an argument."""
    from slackbot.doctor.runner import Attendee

    try:
        slug = read_event(event)
    except InputError:
        raise click.BadParameter("is no event's slug or link", param_hint="--event") from None
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
    return Attendee(slug, credential.token)


async def _print_findings(findings: AsyncIterator[Finding], *, as_json: bool) -> Counter[Grade]:
    """Print each finding as it arrives, or all of them as one JSON object.

    Return the number of findings by grade.
    """
    grades: Counter[Grade] = Counter()
    rows: list[dict[str, object]] = []
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    async for finding in findings:
        grades[finding.grade] += 1
        rows.append(
            {
                "grade": finding.grade,
                "subject": finding.subject,
                "cause": finding.code,
                "said": finding.message,
                "advice": finding.hint,
                "facts": dict(finding.facts),
            }
        )
        line = Text.assemble(
            (f"{finding.grade:<{_GRADE_WIDTH}}", _STYLES[finding.grade]),
            (f"{finding.subject:<{_SUBJECT_WIDTH}}", "bold"),
            finding.message,
            (f" → {finding.hint}" if finding.hint else "", "dim"),
        )
        if not as_json:
            console.print(line)
    if as_json:
        click.echo(json.dumps({"ok": not grades[Grade.FAILURE], "findings": rows}, indent=2))
    else:
        console.print(_summary(grades))
    return grades


def _summary(grades: Counter[Grade]) -> str:
    """Return the last line, with the counts and the next step."""
    failures, warnings = grades[Grade.FAILURE], grades[Grade.WARNING]
    counts = f"Checks: {grades.total()}. Failures: {failures}. Warnings: {warnings}."
    if failures:
        return f"{counts} Put the failures right, then run slackbot doctor again."
    if warnings:
        return f"{counts} The bot can run; the warnings say what it does without."
    return f"{counts} All is well: slackbot run starts the bot."
