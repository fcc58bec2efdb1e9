"""Every moment that is pictured, in the order of the page that shows them.

A number is that of a design's moment. Within a scene, each moment goes on from the one before.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from tests.moments.stage import Scene, Shown, Stage

CONNECTING: Final = Scene("Connecting")
WAITING: Final = Scene("Sessions and waiting")
MATCHES: Final = Scene("Matches")
CALLS: Final = Scene("With the call page", calls=True)
REFUSALS: Final = Scene("Refusals")
LOGINS: Final = Scene("Logins and mistakes")
TIME: Final = Scene("Pauses and settings")
PARTNERS: Final = Scene("Partners and contacts")
MEMORY: Final = Scene("Reminders, recap and data")
SCENES: Final = (
    CONNECTING,
    WAITING,
    TIME,
    MATCHES,
    PARTNERS,
    CALLS,
    REFUSALS,
    LOGINS,
    MEMORY,
)
FIRST: Final = 11645
EVENING: Final = 11650


# --- connecting


@CONNECTING.at("1-first-contact")
async def _first_contact(stage: Stage) -> Shown:
    """Somebody opens the app's Home for the first time."""
    return await stage.opens("ada", "home", "Short one-to-one talks")


@CONNECTING.at("1b-typed-before-connecting")
async def _typed_before_connecting(stage: Stage) -> Shown:
    """A command before connecting is kept, and goes on afterwards."""
    return await stage.types("ada", "/networking sessions", "Then I'll do what you asked")


@CONNECTING.at("1c-welcome")
async def _welcome(stage: Stage) -> Shown:
    """The one message to somebody who opens the app's messages."""
    return await stage.opens("ada", "dm", "I bring you short one-to-one talks")


@CONNECTING.at("2-connect")
async def _connect(stage: Stage) -> Shown:
    """The form that *Connect* opens."""
    prompt = await stage.sees("ada", "Then I'll do what you asked")
    return await stage.presses(prompt, "Connect", "Magic link", "modal")


@CONNECTING.at("2c-wrong-link")
async def _wrong_link(stage: Stage) -> Shown:
    """A wrong link is explained at its field."""
    await stage.submits(
        await stage.sees("ada", "Magic link", "modal"), "https://example.com/tickets"
    )
    return await stage.sees("ada", "There is no key in this link", "modal")


@CONNECTING.at("2d-connected")
async def _connected(stage: Stage) -> Shown:
    """The account is connected."""
    await stage.connects("priya")
    return await stage.sees("priya", "You're connected to Demo Summit")


@CONNECTING.at("2e-disconnect")
async def _disconnect(stage: Stage) -> Shown:
    """A question comes before everything is deleted."""
    return await stage.types("priya", "/networking disconnect", "Disconnect from Demo Summit?")


@CONNECTING.at("2f-disconnected")
async def _disconnected(stage: Stage) -> Shown:
    """What is left once somebody has disconnected."""
    question = await stage.sees("priya", "Disconnect from Demo Summit?")
    return await stage.presses(question, "Disconnect", "You're disconnected")


# --- sessions and waiting


@WAITING.at("3-sessions")
async def _sessions(stage: Stage) -> Shown:
    """The sessions that are open, and those to come."""
    await stage.connects("ada")
    return await stage.types("ada", "/networking sessions", "Networking now")


@WAITING.at("3c-sessions-none")
async def _no_sessions(stage: Stage) -> Shown:
    """No session fits the words."""
    return await stage.types("ada", "/networking sessions quantum", "No session fits")


@WAITING.at("3d-joined")
async def _joined(stage: Stage) -> Shown:
    """A session is joined."""
    return await stage.types("ada", "/networking join 11645", "You've joined")


@WAITING.at("11-home")
async def _home(stage: Stage) -> Shown:
    """Home of somebody who is connected."""
    return await stage.opens("ada", "home", "Live now")


@WAITING.at("4-waiting")
async def _waiting(stage: Stage) -> Shown:
    """Available: the message comes by itself."""
    return await stage.types("ada", "/networking available 11645", "you'll hear at once")


@WAITING.at("3b-sessions-waiting")
async def _sessions_waiting(stage: Stage) -> Shown:
    """The sessions while somebody is available in one."""
    return await stage.types("ada", "/networking sessions", "You're available here")


@WAITING.at("11b-home-waiting")
async def _home_waiting(stage: Stage) -> Shown:
    """Home while somebody is available."""
    return await stage.opens("ada", "home", "You're available in")


@WAITING.at("10b-paused")
async def _paused(stage: Stage) -> Shown:
    """Paused, until somebody says otherwise."""
    return await stage.types("ada", "/networking pause", "Paused.")


@WAITING.at("5b-updates-down")
async def _updates_down(stage: Stage) -> Shown:
    """Live updates are down, and the bot says how it helps itself."""
    await stage.platform.restart_sockets(3600)
    return await stage.types("ada", "/networking available 11645", "live updates are down")


# --- pauses and settings


@TIME.at("5a-why-nobody-else")
async def _why_nobody(stage: Stage) -> Shown:
    """Nobody else from here is available."""
    await stage.connects("ada")
    waiting = await stage.types("ada", "/networking available 11645", "you'll hear at once")
    return await stage.presses(waiting, "Why am I not matched yet?", "Nobody else from here")


@TIME.at("10-snoozed")
async def _snoozed(stage: Stage) -> Shown:
    """Paused for a while: it ends by itself."""
    return await stage.types("ada", "/networking pause 10 minutes", "Paused until")


@TIME.at("5c-why-not-confirmed")
async def _why_unconfirmed(stage: Stage) -> Shown:
    """Accelevents has not confirmed the availability yet."""
    status = f"/rest/events/demo/user-session/{FIRST}/status"
    stage.platform.next_status(503, 100, path=status, method="PUT")
    await stage.types("ada", "/networking available 11645", "First Network Session")
    unconfirmed = await stage.types("ada", "/networking why", "hasn't confirmed yet")
    stage.platform.faults.clear()
    return unconfirmed


@TIME.at("4c-still-there")
async def _still_there(stage: Stage) -> Shown:
    """Two matches had no answer."""
    stage.platform.knobs.round_seconds = 10
    await stage.types("ada", "/networking available 11645", "you'll hear at once")
    for _ in range(2):
        await stage.platform.pair("ada", "priya")
    return await stage.sees("ada", "Still there?", "dm")


@TIME.at("4b-notifications-held")
async def _held(stage: Stage) -> Shown:
    """Slack holds back notifications, and a question comes before anything is set."""
    await stage.connects("priya")
    now = int(time.time())
    stage.run.slack.user("priya").member.held_back = now - 60, now + 3600
    return await stage.types("priya", "/networking available 11645", "holds back")


@TIME.at("11c-settings")
async def _settings(stage: Stage) -> Shown:
    """Reminders, quiet hours, and a switch for each kind of message."""
    return await stage.types("ada", "/networking settings quiet 22:00 to 07:00", "Your settings")


# --- matches


@MATCHES.at("6b-match-found-hub")
async def _match_hub(stage: Stage) -> Shown:
    """A match where there is no call page."""
    await stage.matches(seconds=10)
    return await stage.sees("ada", "You're matched with Priya Raman", "dm")


@MATCHES.at("6c-leave-round")
async def _leave_round(stage: Stage) -> Shown:
    """A question before a running round is left."""
    return await stage.types("priya", "/networking available 11645", "Leave this round")


@MATCHES.at("12-matches")
async def _matches(stage: Stage) -> Shown:
    """The people somebody was matched with."""
    return await stage.types("ada", "/networking matches", "One match")


@MATCHES.at("7-match-over")
async def _over(stage: Stage) -> Shown:
    """The round is over: the same message, edited."""
    return await stage.sees("ada", "Time's up", "dm")


@MATCHES.at("9-late-match")
async def _late(stage: Stage) -> Shown:
    """A match that was missed is found in the list of matches."""
    await stage.platform.restart_sockets(60)
    await stage.platform.disconnected("ada")
    await stage.platform.pair("ada", "priya")
    await stage.platform.restart_sockets(0)
    return await stage.sees("ada", "You were matched while I was offline", "dm")


# --- partners and contacts


@PARTNERS.at("8b-cant-make-it-sent")
async def _declined(stage: Stage) -> Shown:
    """Somebody can't make it, and the partner hears of it."""
    await stage.matches()
    match = await stage.sees("priya", "You're matched with Ada Example", "dm")
    return await stage.presses(match, "Can't make it", "Ada Example that you can't make it")


@PARTNERS.at("8-cant-make-it")
async def _partner_declined(stage: Stage) -> Shown:
    """What the partner reads."""
    return await stage.sees("ada", "can't make it this time", "dm")


@PARTNERS.at("20-swap-question")
async def _swap_question(stage: Stage) -> Shown:
    """Both are asked whether to swap contacts, each on their own."""
    return await stage.types("ada", "/networking swap", "is in this Slack too")


@PARTNERS.at("20c-swap-no")
async def _swap_no(stage: Stage) -> Shown:
    """A no, which nobody hears of."""
    question = await stage.sees("ada", "is in this Slack too")
    return await stage.presses(question, "No, thanks", "All right.")


@PARTNERS.at("20b-swap-done")
async def _swap_done(stage: Stage) -> Shown:
    """Both have said yes: the first message of their conversation."""
    no = await stage.sees("ada", "All right.")
    again = await stage.presses(no, "Undo", "as if you hadn't answered")
    await stage.presses(again, "Swap contacts", "Noted.")
    question = await stage.types("priya", "/networking swap", "is in this Slack too")
    await stage.presses(question, "Swap contacts", "Noted.")
    return await stage.sees("ada", "you both said yes", "dm")


# --- with the call page


@CALLS.at("6-match-found")
async def _match(stage: Stage) -> Shown:
    """A match, with the button that opens the call."""
    await stage.matches()
    return await stage.sees("ada", "You're matched with Priya Raman", "dm")


# --- refusals


@REFUSALS.at("13a-refused-reason")
async def _reason(stage: Stage) -> Shown:
    """Accelevents refuses, in the words of the organiser."""
    await stage.connects("ada")
    words = "Networking is closed by the organiser until 3 pm"
    stage.platform.next_status(409, message=words, path="/rest/events/", method="PUT")
    return await stage.types("ada", "/networking join 11645", words)


@REFUSALS.at("13b-refused-full")
async def _full(stage: Stage) -> Shown:
    """The session is full."""
    return await stage.types("ada", "/networking join coffee", "is full")


@REFUSALS.at("13c-refused-ticket")
async def _ticket(stage: Stage) -> Shown:
    """The session is not in the ticket."""
    return await stage.types("ada", "/networking join 11648", "isn't in your ticket")


@REFUSALS.at("13d-refused-limit")
async def _limit(stage: Stage) -> Shown:
    """The ticket covers no further session."""
    return await stage.types("ada", "/networking join breakfast", "Your ticket covers")


# --- logins and mistakes


@LOGINS.at("14a-login-expiring")
async def _expiring(stage: Stage) -> Shown:
    """The login runs out before the session does."""
    stage.platform.knobs.login_seconds = 600
    await stage.connects("ada")
    await stage.types("ada", "/networking available 11645", "you'll hear at once")
    return await stage.sees("ada", "Your login runs out", "dm")


@LOGINS.at("14b-login-expired")
async def _expired(stage: Stage) -> Shown:
    """The login has run out, and one button renews it."""
    await stage.types("ada", "/networking available 11645", "you'll hear at once")
    await stage.run.desk.press("expired", "ada")
    return await stage.sees("ada", "has run out", "dm")


@LOGINS.at("14c-self-check")
async def _self_check(stage: Stage) -> Shown:
    """`/networking check` says what works."""
    await stage.connects("priya")
    return await stage.types("priya", "/networking check", "Everything works")


@LOGINS.at("14d-unknown-word")
async def _unknown(stage: Stage) -> Shown:
    """A word that the bot does not know leads to what it can do."""
    return await stage.types("priya", "/networking sesions", "Did you mean")


# --- reminders, recap and data


@MEMORY.at("19b-reminder-set")
async def _reminder_set(stage: Stage) -> Shown:
    """Somebody asks to be reminded of a session."""
    await stage.matches()
    return await stage.types("ada", "/networking remind evening mixer", "I'll remind you")


@MEMORY.at("19-reminder")
async def _reminder(stage: Stage) -> Shown:
    """The reminder, before the session opens."""
    session = stage.platform.session(EVENING)
    session.starts = stage.platform.now().replace(second=0) + timedelta(minutes=9)
    await stage.types("ada", "/networking remind evening mixer", "right away")
    return await stage.sees("ada", "opens in", "dm")


@MEMORY.at("12c-recap")
async def _recap(stage: Stage) -> Shown:
    """An hour after the last session: whom somebody met."""
    over = stage.platform.now() - timedelta(minutes=61)
    for session in stage.platform.event:
        session.starts, session.ends = over - timedelta(hours=1), over
    await stage.run.desk.press("restart", "ada")
    return await stage.sees("ada", "That was networking at", "dm")


@MEMORY.at("18-privacy")
async def _privacy(stage: Stage) -> Shown:
    """What is stored about somebody, for how long, and why."""
    return await stage.types("ada", "/networking privacy", "What I store about you")


@MEMORY.at("18c-export")
async def _export(stage: Stage) -> Shown:
    """All of it as a file."""
    return await stage.types("ada", "/networking export", "Your data is ready")


@MEMORY.at("18b-erased")
async def _erased(stage: Stage) -> Shown:
    """Everything is erased, and the receipt proves it."""
    question = await stage.types("ada", "/networking erase", "Erase everything?")
    return await stage.presses(question, "Erase everything", "Receipt")
