"""The `slackbot receipt` command."""

from __future__ import annotations

import click

from slackbot.aio import event_loop
from slackbot.settings import read_settings


@click.command()
@click.argument("number", metavar="NUMBER")
@click.option("--user", metavar="U0123456789", help="Also check that it is this person's.")
def receipt(number: str, user: str | None) -> None:
    """Check the receipt of somebody whose data was erased. The bot may be running.

    With --user, the bot's tables are searched for anything that is left from before.
    """
    from slackbot.bootstrap.privacy import count_left, read_receipt
    from slackbot.services.receipts import ReceiptRefused

    settings = read_settings()
    try:
        found = read_receipt(settings, number)
    except ReceiptRefused as error:
        raise click.ClickException(f"Not valid: {error}.") from None
    at = f"{found.erased_at:%d %b %Y at %H:%M:%S UTC}"
    click.echo(f"Valid: everything about a person was erased on {at}.")
    if user is None:
        return
    left = event_loop.run(count_left(settings, found, user))
    if left is None:
        raise click.ClickException(f"It is not the receipt of {user}.")
    if left:
        raise click.ClickException(
            f"It is the receipt of {user}, but {left} rows from before are there again: was a "
            "backup restored? Ask them to erase everything once more."
        )
    click.echo(
        f"It is the receipt of {user}, and nothing from before is left in the bot's own tables. "
        "Those of the delivery engine were not searched."
    )
