"""People type as people do: the bot understands, or says exactly what it cannot do."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from slackbot.sandbox.accelevents.event import Track
from slackbot.sandbox.slack.faults import Fault
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.text import plain

from .conftest import Mission, form_by_command, pressed
from .test_linking import filled_in

SESSION, OTHER = 11645, 11646
HUB = "https://www.accelevents.com/e/demo/portal/schedule"


# --- titles, ids and links -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("Speakers’ Lounge", "join speakers' lounge"),
        ("🚀 Launch", "join :rocket: launch"),
        ("İstanbul", "join *istanbul*"),
        ("COVID-19-Roundtable", "join COVID-19-Roundtable"),
        ("B2B-SaaS-Founders-2026", "join `B2B-SaaS-Founders-2026`"),
        ("q8Vn2LkX9xZp4TfW1RsYb6CjHd0Mg3", "join q8Vn2LkX9xZp4TfW1RsYb6CjHd0Mg3"),
        ("R&D", "join R&amp;D"),
        ("Launch", f"join <{HUB}/{SESSION}|the launch>"),
        ("Launch", f"join #{SESSION}"),
        ("Launch", f"join session {SESSION}."),
        ("Launch", "*join*\u200b launch!"),
    ],
)
async def test_a_session_is_joined_as_its_title_is_typed(
    mission: Mission, title: str, typed: str
) -> None:
    """Quotes, emoji, marks, case, links and words that look like tokens."""
    ada = await mission.link("ada")
    mission.platform.session(SESSION).title = title
    seen = await mission.ask(ada, f"/networking {typed}")
    assert f"You've joined {title}" in seen.text
    assert mission.platform_calls("PUT", f"/session/{SESSION}") == 1


async def test_a_word_like_a_token_that_is_no_title_is_refused(mission: Mission) -> None:
    """It is looked for among the titles, and repeated nowhere."""
    ada, word = await mission.link("ada"), "q8Vn2LkX9xZp4TfW1RsYb6CjHd0Mg3"
    for typed in (f"join {word}", f"available session {SESSION} {word}", f"status {word}"):
        seen = await mission.ask(ada, f"/networking {typed}")
        assert plain(texts.SECRET_TYPED, {}) in seen.text
    assert word not in mission.everything_in_slack()
    assert mission.platform_calls("PUT", f"/session/{SESSION}") == 0


async def test_the_link_of_another_events_session(mission: Mission) -> None:
    """The answer names both events, and its button fills the other one into the form."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking join {HUB.replace('demo', 'other')}/{SESSION}")
    assert "belongs to another event, other" in seen.text
    assert (await ada.clicks(seen, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Event link", where="modal")
    assert filled_in(form)["event"] == "other"
    assert mission.platform_calls("PUT", f"/session/{SESSION}") == 0


@pytest.mark.parametrize("typed", ["join 11640", "available #11640", f"join {HUB}/11640"])
async def test_a_keynote_is_no_networking_session(mission: Mission, typed: str) -> None:
    """Nobody waits there, and the answer leads to those where people are matched."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking {typed}")
    assert "Opening keynote isn't a networking session" in seen.text
    assert mission.platform_calls("PUT", "/session/11640") == 0
    await pressed(ada, seen, texts.BUTTON_SESSIONS, says="First Network Session")


# --- commands ------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["link", "login", "Sign in", "signin", "*connect*"])
async def test_words_for_connecting_open_the_form(mission: Mission, typed: str) -> None:
    """They connect."""
    assert (await mission.ada.types(f"/networking {typed}")).ok
    await mission.ada.waits_for("Event link", where="modal")


@pytest.mark.parametrize(
    ("typed", "event", "says"),
    [
        ("connect other-2026", "other-2026", ""),
        ("connect https://www.accelevents.com/e/other", "other", ""),
        ("login <https://www.accelevents.com/e/other|Other>", "other", ""),
        ("connect me please", "demo", ""),
        ("connect https://www.accelevents.com/pricing?x=hunter2", "demo", "leads to no event"),
        ("connect hunter2 hunter2", "demo", "isn't an event link"),
    ],
)
async def test_connect_takes_an_event(mission: Mission, typed: str, event: str, says: str) -> None:
    """It is filled into the form; what is no event is said in it."""
    assert (await mission.ada.types(f"/networking {typed}")).ok
    form = await mission.ada.waits_for("Event link", where="modal")
    assert filled_in(form)["event"] == event
    assert says in form.text
    assert "hunter2" not in mission.everything_in_slack()


async def test_a_secret_in_a_link_is_repeated_nowhere(mission: Mission) -> None:
    """Neither in an answer nor in a button of somebody who is not connected."""
    for typed in (f"join {HUB}/cb#access_token=hunter2hunter", "join https://a:hunter2@x.example/"):
        seen = await mission.ask(mission.ada, f"/networking {typed}")
        assert plain(texts.SECRET_TYPED, {}) in seen.text
    assert "hunter2" not in mission.everything_in_slack()


async def test_unavailable_pauses(mission: Mission) -> None:
    """A word is understood by its meaning; a misspelt one never as its opposite."""
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    assert "Paused." in (await mission.ask(ada, "/networking unavailable")).text
    seen = await mission.ask(ada, "/networking disconect")
    assert "I don't know disconect." in seen.text
    assert "Did you mean" not in seen.text


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["pause for a while", "pause until lunch", "stop until 25:00", "pause tomorrow"]
)
async def test_a_pause_until_an_unknown_time(mission: Mission, typed: str) -> None:
    """It is asked about, and nothing changes before the button is pressed."""
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    seen = await mission.ask(ada, f"/networking {typed}")
    assert "I don't know until when that is" in seen.text
    assert mission.platform.networking.waiting_in(SESSION) == ["ada"]
    await pressed(ada, seen, texts.BUTTON_PAUSE, says="Paused.")
    assert mission.platform.networking.waiting_in(SESSION) == []


@pytest.mark.parametrize("typed", [f"pause {OTHER}", "leave the founders session"])
async def test_another_session_is_paused(mission: Mission, typed: str) -> None:
    """The answer says where the person is available, and nothing changes."""
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    seen = await mission.ask(ada, f"/networking {typed}")
    assert "You're available in First Network Session, not in" in seen.text
    assert mission.platform.networking.waiting_in(SESSION) == ["ada"]
    await pressed(ada, seen, texts.BUTTON_PAUSE, says="Paused.")


async def test_a_session_is_left_by_somebody_who_is_available_nowhere(mission: Mission) -> None:
    """The answer says so, and where a place in the session can be given up."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking leave first network")
    assert "You're not available in first network" in seen.text
    assert "event hub" in seen.text
    assert "Paused." in (await mission.ask(ada, "/networking leave")).text


@pytest.mark.parametrize(
    "words",
    [
        [f"pause {SESSION}", "leave *first network*", "stop please", "pause now"],
        ["stop looking", "leave session", "pause everything", "stop for now", "pause for everyone"],
        ["pause my availability", "leave the session", "stop it already"],
    ],
)
async def test_the_session_may_be_named(mission: Mission, words: list[str]) -> None:
    """By id or words of its title; words that name no session mean the one there is."""
    ada = await mission.link("ada")
    for typed in words:
        await mission.ask(ada, f"/networking available {SESSION}")
        assert "Paused." in (await mission.ask(ada, f"/networking {typed}")).text
        assert mission.platform.networking.waiting_in(SESSION) == []


async def test_polite_words_name_no_session(mission: Mission) -> None:
    """The only live session is meant."""
    ada = await mission.link("ada")
    for session in mission.platform.event:
        if session.id != SESSION:
            session.starts = session.ends
    for typed in ("available now", "ready please", "join now", "I'm free right now"):
        assert "First Network Session" in (await mission.ask(ada, f"/networking {typed}")).text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("disconnect", "Disconnect from demo?"),
        ("logout please", "Disconnect from demo?"),
        ("disconnect Demo", "Disconnect from demo?"),
        ("disconnect https://www.accelevents.com/e/demo", "Disconnect from demo?"),
        ("disconnect my account", "Disconnect from demo?"),
    ],
)
async def test_disconnect_asks_first(mission: Mission, typed: str, says: str) -> None:
    """Nothing is deleted before the button is pressed; another event is never taken for ours."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking {typed}")
    assert says in seen.text
    still = await pressed(ada, seen, texts.BUTTON_STAY_CONNECTED, says="Connected to demo")
    assert "You're not available" in still.text
    seen = await mission.ask(ada, f"/networking {typed}")
    await pressed(ada, seen, texts.BUTTON_DISCONNECT, says="You're disconnected")


async def test_an_old_button_asks_again(mission: Mission) -> None:
    """It was pressed for one event; meanwhile another one is connected."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking disconnect")
    mission.platform.event.slug = "other"
    form, before = await form_by_command(ada), ada.now
    await ada.submits(form, {"event": "other", "credential": mission.platform.token_for("ada")})
    await ada.waits_for("You're connected to other", where="#general", since=before)
    again = await pressed(ada, seen, texts.BUTTON_DISCONNECT, says="all your events")
    await pressed(ada, again, texts.BUTTON_DISCONNECT, says="You're disconnected")


@pytest.mark.parametrize("typed", ["status tomorrow", "status 7"])
async def test_an_argument_without_a_use_is_named(mission: Mission, typed: str) -> None:
    """The answer follows all the same."""
    ada, rest = await mission.link("ada"), typed.partition(" ")[2]
    seen = await mission.ask(ada, f"/networking {typed}")
    assert f"I don't know what to do with {rest} here, so I left it out" in seen.text


# --- filters -------------------------------------------------------------------------------------


async def test_sessions_can_be_filtered(mission: Mission) -> None:
    """By day, track and words, together with a list; another page keeps the filter."""
    ada = await mission.link("ada")
    session = mission.platform.session(SESSION)
    session.title, session.track = "Coffee & Code", Track(1, "Product", "#ffffff", 1.0)
    for typed in ("track product", "coffee", "live *CODE*", "TODAY coffee", "coffee and code"):
        seen = await mission.ask(ada, f"/networking sessions {typed}")
        assert "Coffee & Code" in seen.text, typed
        assert "Second" not in seen.text, typed
    # An e is in most titles.
    seen = await mission.ask(ada, "/networking sessions e")
    page = await pressed(ada, seen, seen.buttons[-1].text, says="6 to")
    assert page.text != seen.text


async def test_today_and_tomorrow_are_the_readers(mission: Mission) -> None:
    """A session is on the day that it has in the reader's time zone."""
    ada = await mission.link("ada")
    session = mission.platform.session(SESSION)
    now = mission.platform.now()
    session.starts, session.ends = now + timedelta(hours=24), now + timedelta(hours=24, minutes=5)
    session.title = "A day from now"
    # In the evening, other sessions are tomorrow's as well.
    seen = await mission.ask(ada, "/networking tomorrow day from now")
    assert "A day from now" in seen.text
    assert "A day from now" not in (await mission.ask(ada, "/networking sessions today")).text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("track Cooking", "Nothing in the track Cooking is open or coming up."),
        ("tea ceremony", "No session fits tea ceremony."),
        ("past next week", "No session fits past next week."),
        ("monday 15:00", "No session fits monday 15:00."),
    ],
)
async def test_a_filter_that_keeps_nothing_says_so(mission: Mission, typed: str, says: str) -> None:
    """The answer repeats it, and its button shows all sessions."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking sessions {typed}")
    assert says in seen.text
    await pressed(ada, seen, texts.BUTTON_ALL_SESSIONS, says="First Network Session")


async def test_days_without_a_time_zone(mission: Mission) -> None:
    """If Slack does not say where a person is, all sessions are listed, and that is said."""
    mission.slack.faults.order(Fault("users.info", error="internal_error", times=9))
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking sessions today")
    assert "I can't tell which day it is where you are" in seen.text
    assert "First Network Session" in seen.text


# --- the form ------------------------------------------------------------------------------------


def safe_link(link: str) -> str:
    """Return the link as Outlook shows it."""
    return f"https://eur03.safelinks.protection.outlook.com/?url={quote(link, safe='')}&reserved=0"


@pytest.mark.parametrize("way", [safe_link, "Your link: {}.".format, "<{}|Join>".format])
async def test_a_wrapped_magic_link_connects(mission: Mission, way: object) -> None:
    """What a mail program or Slack put around it is taken off; so it is with the event's link."""
    assert callable(way)
    form = await form_by_command(mission.ada)
    link = mission.platform.magic_link_for("ada")
    event = safe_link("https://www.accelevents.com/e/demo")
    await mission.ada.submits(form, {"event": event, "credential": way(link)})
    await mission.ada.waits_for("You're connected to demo", where="#general")


@pytest.mark.parametrize(
    ("event", "credential", "says"),
    [
        ("demo", "https://www.accelevents.com/e/demo", "event_link"),
        ("demo", "https://protect.mimecast.com/s/AbCd?domain=accelevents.com", "filtered"),
        ("demo", "ada@example.com", "e_mail"),
        ("8f14e45fceea167a5a36dedd4bea2543", "8f14e45fceea167a5a36dedd4bea2543", "wrong_field"),
    ],
)
async def test_the_form_names_what_is_wrong(
    mission: Mission, event: str, credential: str, says: str
) -> None:
    """The error beside the field says what was pasted."""
    form = await form_by_command(mission.ada)
    await mission.ada.submits(form, {"event": event, "credential": credential})
    (seen,) = [seen for seen in await mission.ada.sees(where="modal") if seen.errors]
    sentences = error_texts.CREDENTIAL_PROBLEMS | error_texts.EVENT_PROBLEMS
    assert list(seen.errors.values()) == [sentences[says]]


async def test_a_form_that_could_not_open_for_somebody_connected(mission: Mission) -> None:
    """The answer does not say that they have to connect first."""
    ada = await mission.link("ada")
    mission.slack.faults.order(Fault("views.open", error="expired_trigger_id"))
    before = ada.now
    await ada.types("/networking connect")
    seen = await ada.waits_for("The form didn't open", where="#general", since=before)
    assert "You're still connected to demo" in seen.text
    assert "First, connect" not in seen.text
    assert (await ada.clicks(seen, texts.BUTTON_CONNECT_AGAIN)).ok
    await ada.waits_for("Event link", where="modal")
