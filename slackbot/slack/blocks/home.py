"""The Home view, a dashboard that keeps its parts whatever is pressed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from slackbot.domain.model import SessionScope
from slackbot.domain.sessions import phase
from slackbot.services.dashboard import Dashboard, Health, health_of
from slackbot.services.programmes import SHOWN
from slackbot.slack import home_texts, texts
from slackbot.slack.blocks.events import SWITCH_BUTTON
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import login_expired_card
from slackbot.slack.blocks.message import Button, Draft, Message, Part
from slackbot.slack.blocks.preferences import SETTINGS_BUTTON
from slackbot.slack.blocks.sessions import closed_mark, session_facts
from slackbot.slack.blocks.status import (
    HELP_BUTTON,
    connect_prompt,
    disconnect_button,
    status_card,
)
from slackbot.slack.command import Command, Name

# The action id of the button that closes what was opened in Home.
CLOSE: Final = "home:close"
_HEALTH: Final = {
    Health.MESSAGES_REFUSED: home_texts.HOME_MESSAGES_REFUSED,
    Health.MESSAGE_PENDING: home_texts.HOME_MESSAGE_PENDING,
    Health.UNREACHABLE: home_texts.HOME_UNREACHABLE,
    Health.UNCONFIRMED: home_texts.HOME_UNCONFIRMED,
    Health.UPDATES_DOWN: home_texts.HOME_UPDATES_DOWN,
    Health.UNREAD: home_texts.HOME_UNREAD,
    Health.WORKING: home_texts.HOME_WORKING,
}
_OVERVIEW: Final = Command(Name.OVERVIEW)
_BACK: Final = Button(home_texts.BUTTON_HOME_BACK, CLOSE)


def home(
    dashboard: Dashboard,
    slash: str,
    now: datetime,
    links: HubLinks,
    answer: Message | None = None,
) -> Message:
    """Render the dashboard. The answer to a button takes the place of the part it is about."""
    link = dashboard.link
    if link is None:
        return _first_contact(slash, answer)
    draft = Draft().heading(home_texts.HOME_TITLE_EVENT, event=links.name(link.event))
    about = answer.about if answer is not None else Part.STATUS
    if answer is not None and about is Part.ANSWER:
        draft.then(answer.above_status or answer).buttons(_BACK).divider()
    if dashboard.status is not None:
        draft.then(status_card(dashboard.status, links))
    elif answer is not None and about is Part.LOGIN:
        draft.then(answer)
    else:
        draft.then(login_expired_card(link.event, links, _OVERVIEW))
    if answer is not None and about is Part.SESSIONS:
        draft.divider().then(answer).buttons(_BACK)
    elif dashboard.status is not None:
        _add_sessions(draft, dashboard, now)
    if answer is not None and about is Part.MATCHES:
        draft.divider().then(answer).buttons(_BACK)
    else:
        _add_matches(draft, dashboard)
    switch = (SWITCH_BUTTON,) if dashboard.has_other_events else ()
    last = disconnect_button(link.event)
    draft.divider().buttons(HELP_BUTTON, SETTINGS_BUTTON, *switch, last)
    return _add_health(draft, dashboard).done()


def _first_contact(slash: str, answer: Message | None) -> Message:
    draft = Draft().heading(home_texts.HOME_TITLE)
    prompt = connect_prompt(_OVERVIEW, slash)
    if answer is not None and answer.about is Part.ANSWER:
        draft.then(answer).buttons(_BACK).divider()
    elif answer is not None and answer.about is Part.LOGIN:
        prompt = answer
    draft.say(home_texts.HOME_WHAT).say(home_texts.HOME_STEPS)
    return draft.then(prompt).buttons(HELP_BUTTON).done()


def _add_sessions(draft: Draft, dashboard: Dashboard, now: datetime) -> None:
    """Add the open sessions, except the person's own, and those that they join later."""
    availability = dashboard.status.availability if dashboard.status is not None else None
    current = availability.session_id if availability is not None else None
    live = [
        session
        for session in dashboard.programme.live
        if session.id != current and phase(session, now) is SessionScope.LIVE
    ]
    if live:
        draft.divider().say(home_texts.HOME_LIVE)
    label = texts.BUTTON_AVAILABLE if current is None else texts.BUTTON_SWITCH
    for session in live[:SHOWN]:
        facts, values = session_facts(session, SessionScope.LIVE)
        command = Command(Name.AVAILABLE, str(session.id))
        button = Button(label, command, spoken=f"{label}: {session.title}")
        is_closed = closed_mark(session) is not None
        draft.beside_button(facts, None if is_closed else button, **values)
    joined = [s for s in dashboard.programme.joined if phase(s, now) is SessionScope.UPCOMING]
    if joined:
        draft.divider().say(home_texts.HOME_NEXT)
    for session in joined:
        facts, values = session_facts(session, SessionScope.UPCOMING)
        draft.say(facts, **values)


def _add_matches(draft: Draft, dashboard: Dashboard) -> None:
    if not dashboard.matches:
        return
    draft.divider()
    everything = Button(home_texts.BUTTON_ALL_MATCHES, Command(Name.MATCHES))
    draft.beside_button(home_texts.HOME_MATCHES, everything)
    for match in dashboard.matches:
        role = match.partner.role
        sentence = home_texts.HOME_MATCH_ROLE if role else home_texts.HOME_MATCH
        at = match.matched_at or match.received_at
        draft.say(sentence, name=match.partner.name, role=role, at=at)


def _add_health(draft: Draft, dashboard: Dashboard) -> Draft:
    """Add a line that says in plain words whether everything works, if the status does not."""
    if dashboard.link is None or dashboard.status is None:
        return draft
    line = _HEALTH[health_of(dashboard.status, dashboard.programme)]
    expires = dashboard.link.expires_at
    if expires is None:
        return draft.small(line)
    return draft.small(line, home_texts.HOME_LOGIN_UNTIL, expires=expires)
