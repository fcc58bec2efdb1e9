"""Cards about a login that runs out, and the organiser's words about a new magic link."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from slackbot.domain.model import EventSlug
from slackbot.domain.notices import LoginExpiring
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message, Part
from slackbot.slack.blocks.status import connect_button
from slackbot.slack.command import Command, Name

# The action id of the button that leads to the organiser's page.
LINK_NEW: Final = "link:new"
_MATCHES: Final = Button(texts.BUTTON_MATCHES, Command(Name.MATCHES))
# Commands that are not said to follow after connecting.
_SILENT: Final = frozenset({Name.OVERVIEW, Name.CONNECT, Name.DISCONNECT})


def token_help_card(command: Command, links: HubLinks) -> Message:
    """Explain where to find a magic link, or what to do without one."""
    draft = Draft().say(texts.TOKEN_HELP)
    if links.help.text:
        draft.quote(texts.LINK_USED_ORGANISER, links.help.text)
    else:
        draft.say(texts.LINK_USED)
    draft.buttons(connect_button(command), *new_link_buttons(links))
    return draft.small(texts.CONNECT_SMALL).done()


def new_link_buttons(links: HubLinks) -> list[Button]:
    """Return the button that leads to the organiser's page, if there is one."""
    url = links.help.url
    return [Button(texts.BUTTON_GET_LINK, LINK_NEW, url=url)] if url else []


def login_expiring_card(remark: LoginExpiring, links: HubLinks) -> Message:
    """Warn somebody whose login runs out before a session of theirs ends."""
    expires = datetime.fromisoformat(remark.expires)
    draft = Draft().say(texts.LOGIN_EXPIRING, expires=expires, title=remark.title)
    _quote_organiser(draft, EventSlug(remark.event), links)
    again = connect_button(Command(Name.OVERVIEW), texts.BUTTON_CONNECT_AGAIN)
    draft.buttons(again, *new_link_buttons(links))
    if remark.available == str(True):
        draft.small(texts.STILL_AVAILABLE)
    return draft.done()


def login_expired_card(
    event: EventSlug | None, links: HubLinks, command: Command, slash: str = "", title: str = ""
) -> Message:
    """Ask somebody to connect again, and say what follows.

    That is their availability in the session `title`, or the `command`.
    """
    draft = Draft()
    if title:
        draft.say(texts.LOGIN_EXPIRED_AVAILABLE, event=links.name(event), title=title)
    elif command.name in _SILENT:
        draft.say(texts.LOGIN_EXPIRED, event=links.name(event))
    else:
        asked = f"{slash} {command.text}"
        draft.say(texts.LOGIN_EXPIRED_COMMAND, event=links.name(event), command=asked)
    _quote_organiser(draft, event, links)
    again = connect_button(command, texts.BUTTON_CONNECT_AGAIN)
    draft.buttons(again, *new_link_buttons(links), _MATCHES)
    return draft.small(texts.LOGIN_EXPIRED_SMALL, texts.MATCHES_SAFE).done(Part.LOGIN)


def _quote_organiser(draft: Draft, event: EventSlug | None, links: HubLinks) -> None:
    if links.help.text:
        draft.quote(texts.ORGANISER_SAYS, links.help.text, event=links.name(event))
