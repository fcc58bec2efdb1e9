"""Messages to the bot, mentions of it and its shortcuts."""

from __future__ import annotations

import pytest

from slackbot.sandbox.slack import Fault, ScreenItem, User
from slackbot.slack import texts

from .conftest import Mission, dms, pressed, waits_for_dms

AVAILABLE, SESSIONS = "shortcut_available", "shortcut_sessions"
BOT = "<@U0BOT>"
HELLO = "Hello. I bring the networking sessions"
PRIVATE = "I answer in private"


async def answer_to(person: User, text: str, thread: str | None = None) -> ScreenItem:
    """Send a direct message and wait for the answer."""
    earlier = {seen.id for seen in await dms(person)}  # which may be edited meanwhile
    assert (await person.types(text, thread=thread)).ok
    return await person.waits_for(lambda seen: seen.from_bot and seen.id not in earlier, where="dm")


# --- direct messages -----------------------------------------------------------------------------


async def test_commands_are_understood_in_a_direct_message(mission: Mission) -> None:
    """They do what the slash command does, and the answer is a message below."""
    ada = await mission.link("ada")
    assert "Networking now" in (await answer_to(ada, "sessions")).text
    answer = await answer_to(ada, "available First Network Session")
    assert "You're available in First Network Session" in answer.text
    assert mission.platform.networking.waiting_in(11645) == ["ada"]
    assert "You're available in First" in (await answer_to(ada, "networking status")).text
    paused = await pressed(ada, answer, texts.BUTTON_PAUSE, says="Paused.")
    assert paused.id == answer.id
    assert "Erase everything?" in (await answer_to(ada, "delete me")).text
    assert "I don't know xylophone" in (await answer_to(ada, "xylophone")).text
    assert "Did you mean sessions?" in (await answer_to(ada, "sesions")).text


@pytest.mark.parametrize(
    "fields",
    [
        {},  # langgenius/dify-official-plugins#1679
        {"client_msg_id": "1", "team": "T0WORK"},  # openabdev/openab#396: in no thread
        {"blocks": [{"type": "rich_text", "elements": []}]},  # paradigmxyz/centaur#246: no mention
        {"text": "status please"},  # errbotio/err-backend-mattermost#10
        {"text": "\u00a0status\u00a0"},
    ],
    ids=str,
)
async def test_no_direct_message_meets_silence(mission: Mission, fields: dict[str, object]) -> None:
    """Whatever else its event holds."""
    ada = await mission.link("ada")
    dm = mission.slack.workspace.dm(ada.id).id
    written: dict[str, object] = {"text": "status", "channel": dm, "channel_type": "im"}
    assert (await ada.event("message", **(written | fields))).ok  # type: ignore[arg-type]
    await ada.waits_for("You're not available", where="dm")


async def test_anything_else_is_answered_with_help(mission: Mission) -> None:
    """A greeting or a sentence gets the commands as they are typed there, never the word itself."""
    ada = await mission.link("ada")
    others = (
        "datalake list",  # Bike4Mind/bike4mind#2028
        "here's my standup: worked on a few things",  # 18F/standup-slack-bot#139
        "\N{WHITE HEAVY CHECK MARK}",
    )
    wave = "\N{WAVING HAND SIGN} \N{TULIP}"
    for text in ("hello", "When does the first one start?", wave, *others):
        answer = await answer_to(ada, text)
        assert HELLO in answer.text
        assert "\nsessions  " in answer.text
        assert "begin with /networking" in answer.text
    assert [button.text for button in answer.buttons] == [
        texts.BUTTON_SESSIONS,
        texts.BUTTON_STATUS,
    ]


async def test_somebody_not_connected_is_led_to_the_form(mission: Mission) -> None:
    """The command that they wrote runs afterwards."""
    prompt = await answer_to(mission.ada, "available 11645")
    assert "First, connect" in prompt.text
    assert (await mission.ada.clicks(prompt, texts.BUTTON_CONNECT)).ok
    form = await mission.ada.waits_for("Event link", where="modal")
    token = mission.platform.token_for("ada")
    await mission.ada.submits(form, {"event": "demo", "credential": token})
    await mission.ada.waits_for("You're available in First Network Session")


async def test_connect_in_a_direct_message(mission: Mission) -> None:
    """It says to somebody connected that they are, and offers the form all the same."""
    ada = await mission.link("ada")
    answer = await answer_to(ada, "connect")
    assert "You're already connected to demo" in answer.text
    assert (await ada.clicks(answer, texts.BUTTON_CONNECT_AGAIN)).ok
    await ada.waits_for("Event link", where="modal")


async def test_a_message_in_a_thread_is_answered_there(mission: Mission) -> None:
    """Elsewhere the answer would stand apart from the question."""
    ada = await mission.link("ada")
    first = await answer_to(ada, "status")
    assert "thread_ts" not in first.raw
    answer = await answer_to(ada, "sessions", thread=first.id)
    assert answer.raw["thread_ts"] == first.id


async def test_a_pasted_secret_is_refused_and_kept_nowhere(mission: Mission) -> None:
    """The person is asked to delete their message, also after other answers."""
    ada = await mission.link("ada")
    token, link = mission.platform.token_for("ada"), mission.platform.magic_link_for("ada")
    sent = len(mission.everything_in_slack())
    for text in (token, f"connect {token}", f"my link is <{link}>", f"{BOT} {token}"):
        warning = await answer_to(ada, text)
        assert "looks like a login" in warning.text
        assert "delete your message" in warning.text
    assert token not in mission.everything_in_slack()[sent:]


IGNORED: list[dict[str, str | dict[str, str]]] = [
    *({"subtype": kind} for kind in ("message_changed", "message_deleted", "thread_broadcast")),
    *({"subtype": kind} for kind in ("bot_message", "file_share", "channel_join", "me_message")),
    {"bot_id": "B0BOT"},
    {"bot_id": "B0ELSE", "user": "U0ELSE"},
    {"bot_profile": {"id": "B0ELSE"}},
    {"user": "U0BOT"},
    {"channel_type": "channel", "channel": "C0GENERAL"},
    {"channel_type": "mpim", "channel": "G0GROUP"},
    {"edited": {"user": "U0ADA", "ts": "1.2"}},
    {"hidden": "true"},
]


async def test_only_what_a_person_writes_to_the_bot_is_answered(mission: Mission) -> None:
    """Never an edit, a deletion, a bot, the bot itself, or what is said elsewhere."""
    ada = await mission.link("ada")
    dm = mission.slack.workspace.dm(ada.id).id
    for fields in IGNORED:
        written = {"text": "hello", "channel": dm, "channel_type": "im", **fields}
        assert (await ada.event("message", **written)).ok
        mention = written | {"channel": "C0GENERAL"}
        if "channel_type" not in fields:
            assert (await ada.event("app_mention", **mention)).ok
    await answer_to(ada, "status")
    assert len(await dms(ada)) == 1
    assert mission.slack_calls("chat.postEphemeral") == 0


async def test_a_message_is_answered_once(mission: Mission) -> None:
    """However often Slack delivers it, and by however many events."""
    ada = await mission.link("ada")
    dm = mission.slack.workspace.dm(ada.id).id
    fields = {"text": "status", "channel": dm, "channel_type": "im", "ts": "1763912345.000300"}
    for event_id, retry in (("Ev1", None), ("Ev1", 1), ("Ev1", 2), ("Ev2", None), ("Ev1", 3)):
        assert (await ada.event("message", event_id=event_id, retry_num=retry, **fields)).ok
    await answer_to(ada, "sessions")
    await waits_for_dms(ada, 2)
    assert len(await dms(ada)) == 2


async def test_a_flood_of_messages_is_answered_in_part(mission: Mission) -> None:
    """Those that come while five are being answered get no answer; a later one does."""
    ada = await mission.link("ada")
    mission.slack.faults.order(Fault("chat.postMessage", delay=0.3))
    for _ in range(12):
        assert (await ada.types("help")).ok
    await waits_for_dms(ada, 5, seconds=15)
    await answer_to(ada, "status")
    assert 6 <= len(await dms(ada)) < 12


# --- mentions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [BOT, f"hey {BOT}!", f"{BOT} what is this?", f"{BOT} xylophone"])
async def test_a_mention_is_answered_to_its_writer_alone(mission: Mission, text: str) -> None:
    """It says where the bot answers."""
    assert (await mission.ada.types(text, "general")).ok
    answer = await mission.ada.waits_for(PRIVATE, where="#general")
    assert answer.kind == "ephemeral"
    assert "/networking" in answer.text
    assert await mission.priya.sees(PRIVATE) == []


async def test_a_mention_with_a_command_is_answered_with_it(mission: Mission) -> None:
    """In the thread in which it was written; its buttons work there."""
    ada = await mission.link("ada")
    before = ada.now
    assert (await ada.types(f"{BOT} status", "general", thread="1763912345.000300")).ok
    answer = await ada.waits_for("You're not available", where="#general", since=before)
    assert (answer.kind, answer.raw["thread_ts"]) == ("ephemeral", "1763912345.000300")
    assert "Only you see this" in answer.text
    await pressed(ada, answer, texts.BUTTON_MATCHES, says="No matches yet")
    token = mission.platform.token_for("ada")
    assert (await ada.types(f"{BOT} connect {token}", "general")).ok
    warning = await ada.waits_for("looks like a login", where="#general")
    assert "delete your message" in warning.text
    assert await mission.priya.sees("access token") == []


async def test_a_mention_that_cannot_be_answered_in_place(mission: Mission) -> None:
    """It is answered by direct message, for example in a channel that the bot has left."""
    mission.slack.faults.order(Fault("chat.postEphemeral", error="not_in_channel"))
    assert (await mission.ada.types(BOT, "general")).ok
    await mission.ada.waits_for(PRIVATE, where="dm")


# --- shortcuts -----------------------------------------------------------------------------------


async def test_a_shortcut_is_answered_by_direct_message(mission: Mission) -> None:
    """Each runs its command."""
    ada = await mission.link("ada")
    assert (await ada.uses_shortcut(SESSIONS)).ok
    await ada.waits_for("Networking now", where="dm")
    assert (await ada.uses_shortcut(AVAILABLE)).ok
    await ada.waits_for("Which session do you mean?", where="dm")


async def test_a_shortcut_of_somebody_not_connected_opens_the_form(mission: Mission) -> None:
    """What they wanted is done afterwards."""
    assert (await mission.ada.uses_shortcut(AVAILABLE)).ok
    form = await mission.ada.waits_for("Event link", where="modal")
    token = mission.platform.token_for("ada")
    await mission.ada.submits(form, {"event": "demo", "credential": token})
    question = await mission.ada.waits_for("Which session do you mean?", where="dm")
    await pressed(mission.ada, question, "available:11645", says="You're available in First")
    assert mission.platform.networking.waiting_in(11645) == ["ada"]


async def test_a_shortcut_whose_form_does_not_open(mission: Mission) -> None:
    """The person gets a button instead."""
    mission.slack.faults.order(Fault("views.open", error="expired_trigger_id"))
    assert (await mission.ada.uses_shortcut(AVAILABLE)).ok
    prompt = await mission.ada.waits_for("First, connect", where="dm")
    assert "/networking available" in prompt.text
