"""Connecting an account: the prompt, the form, its errors, the pending command."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.slack.faults import Fault
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.text import plain

from . import refusals
from .conftest import LogLines, Mission, Start, form_by_command, form_of

# Seconds: a little more than the first reply waits.
SLOW = 2.3
# Commands of an unlinked person, and what the answer shows once linked.
TYPED = {
    "": "See which sessions are open",
    "status": "You're not available",
    "sessions": "Networking now",
    "sessions past": "Over",
    "join 11645": "You've joined First Network Session",
    "JOIN first network": "You've joined First Network Session",
    "available 11645": "You're available in First Network Session",
    "ready 11645": "You're available in First Network Session",
    "pause": "Paused.",
    "matches": "No matches yet",
}


def filled_in(form: ScreenItem) -> dict[str, str]:
    """Return the prefilled values of the form."""
    inputs = [block for block in form.blocks if block["type"] == "input"]
    return {block["block_id"]: block["element"].get("initial_value", "") for block in inputs}


# --- the prompt, the form, the pending command ---------------------------------------------------


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: typed or "alone")
async def test_the_pending_command_runs_once_linked(mission: Mission, typed: str) -> None:
    """Any command leads to the prompt, and once linked its answer replaces the prompt."""
    ada = mission.ada
    prompt = await mission.ask(ada, f"/networking {typed}".strip())
    assert plain(texts.CONNECT_FIRST, {}) in prompt.text
    assert len(mission.platform.calls) == 0
    form = await form_of(ada, prompt)
    assert filled_in(form)["event"] == "demo"
    token = mission.platform.token_for("ada")
    assert (await ada.submits(form, {"credential": token})).ok
    done = await ada.waits_for(TYPED[typed], where="#general")
    assert done.id == prompt.id
    assert "You're connected to demo" in done.text
    assert await ada.sees(where="modal") == []
    assert len(await ada.sees(where="#general")) == 1


async def test_the_prompt_repeats_what_was_typed(mission: Mission) -> None:
    """The prompt names the command that runs after connecting."""
    prompt = await mission.ask(mission.ada, "/networking join first network")
    assert "/networking join first network" in prompt.text


async def test_help_needs_no_account(mission: Mission) -> None:
    """Help works for everybody, and there is nothing to disconnect yet."""
    ada = mission.ada
    assert "/networking sessions" in (await mission.ask(ada, "/networking help")).text
    seen = await mission.ask(ada, "/networking disconnect")
    assert "You're not connected" in seen.text
    await form_of(ada, seen)


async def test_where_to_find_a_token(mission: Mission) -> None:
    """The prompt's second button explains in its place, and keeps the pending command."""
    ada = mission.ada
    prompt = await mission.ask(ada, "/networking join 11645")
    await ada.clicks(prompt, texts.BUTTON_TOKEN_HELP)
    explained = await ada.waits_for("Your magic link is in", where="#general")
    assert explained.id == prompt.id
    form = await form_of(ada, explained)
    await ada.submits(form, {"credential": mission.platform.token_for("ada")})
    await ada.waits_for("You've joined First Network Session", where="#general")


@pytest.mark.parametrize("wrapped", ["{}", "<{}>", "  {}\t"])
async def test_a_magic_link_is_pasted_whole(mission: Mission, wrapped: str) -> None:
    """The whole link works, with what a mail program adds around it, and is used once."""
    link = mission.platform.magic_link_for("ada")
    await mission.link("ada", wrapped.format(link))
    assert mission.platform_calls("POST", "/…") == 1
    assert "Connected to demo" in (await mission.ask(mission.ada, "/networking status")).text


@pytest.mark.parametrize(
    "event",
    ["https://www.accelevents.com/e/demo", "www.accelevents.com/events/demo/portal?x=1", " demo "],
)
async def test_the_event_is_a_link_or_a_slug(mission: Mission, event: str) -> None:
    """The event's address works as people copy it."""
    form = await form_by_command(mission.ada)
    token = f"Bearer {mission.platform.token_for('ada')}"
    await mission.ada.submits(form, {"event": event, "credential": token})
    await mission.ada.waits_for("You're connected to demo", where="#general")


async def test_a_platform_that_wants_bearer_is_found_out(mission: Mission) -> None:
    """Bare is refused, Bearer accepted: tried once while linking, and stored."""
    mission.platform.knobs.auth_forms = {"bearer"}
    ada = await mission.link("ada")
    assert "Networking now" in (await mission.ask(ada, "/networking sessions")).text
    assert [call.status for call in mission.platform.calls].count(401) == 1


# --- wrong input, at its field -------------------------------------------------------------------

WRONG = [
    ("event", "https://www.accelevents.com/pricing", "no_event"),
    ("event", "two words", "bad_event_link"),
    ("event", "../../etc", "bad_event_link"),
    ("event", "https://[::1", "bad_event_link"),
    ("event", "unknown-event", "event_not_found"),
    ("credential", "short", "bad_credential"),
    ("credential", "a sentence of several words", "bad_credential"),
    ("credential", "https://www.accelevents.com/e/demo/portal", "event_link"),
    ("credential", "t" * 60, "token_refused"),
    ("credential", "https://www.accelevents.com/e/demo/portal?userKey=" + "k" * 32, ""),
]


@pytest.mark.parametrize(("field", "typed", "code"), WRONG)
async def test_wrong_input_shows_at_its_field(
    mission: Mission, field: str, typed: str, code: str
) -> None:
    """Unusable input gets its sentence at its field, and nothing is stored."""
    ada = mission.ada
    form = await form_by_command(ada)
    good = {"event": "demo", "credential": mission.platform.token_for("ada")}
    await ada.submits(form, good | {field: typed})
    code = code or "magic_link_invalid"
    problems = error_texts.EVENT_PROBLEMS | error_texts.CREDENTIAL_PROBLEMS
    sentence = (error_texts.AT_FIELD | problems).get(code) or error_texts.ERRORS[code]
    expected = plain(sentence, {"example": "https://www.accelevents.com/e/your-event"})
    (seen,) = await ada.sees(where="modal")
    assert seen.errors == {field: expected}
    assert "First, connect" in (await mission.ask(ada, "/networking status")).text


async def test_a_used_magic_link_and_a_locked_account(mission: Mission) -> None:
    """Both show at the field; a link used by somebody else does not work."""
    link = mission.platform.magic_link_for("ada")
    await mission.link("ada", link)
    form = await form_by_command(mission.priya)
    await mission.priya.submits(form, {"event": "demo", "credential": link})
    (seen,) = await mission.priya.sees(where="modal")
    assert seen.errors == {"credential": error_texts.ERRORS["magic_link_used"]}
    mission.platform.lock("priya")
    token = mission.platform.token_for("priya")
    await mission.priya.submits(seen, {"event": "demo", "credential": token})
    (seen,) = await mission.priya.sees(where="modal")
    assert seen.errors == {"credential": error_texts.AT_FIELD["account_locked"]}


# --- a slow platform -----------------------------------------------------------------------------


async def test_slow_success(mission: Mission) -> None:
    """While Accelevents checks, the form says so; then the pending command runs."""
    ada = mission.ada
    prompt = await mission.ask(ada, "/networking join 11645")
    form = await form_of(ada, prompt)
    mission.platform.delay(SLOW, **refusals.LIST)
    answer = await ada.submits(form, {"credential": mission.platform.token_for("ada")})
    assert answer.ok
    (seen,) = await ada.sees(where="modal")
    assert plain(texts.MODAL_CHECKING, {}) in seen.text
    mission.platform.faults.clear()
    await ada.waits_for("You're connected to demo", where="modal")
    done = await ada.waits_for("You've joined First Network Session", where="#general")
    assert done.id == prompt.id


async def test_slow_failure(mission: Mission) -> None:
    """The form comes back as submitted, with the error; correcting it works."""
    ada = mission.ada
    form = await form_by_command(ada)
    token = mission.platform.token_for("ada")
    mission.platform.delay(SLOW, **refusals.LIST)
    mission.platform.next_status(403, **refusals.LIST)
    assert (await ada.submits(form, {"event": "demo", "credential": token})).ok
    assert await ada.sees("checking with Accelevents", where="modal")
    back = await ada.waits_for(error_texts.AT_FIELD["forbidden"], where="modal")
    assert filled_in(back) == {"event": "demo", "credential": token}
    mission.platform.faults.clear()
    await ada.submits(back, {})
    await ada.waits_for("You're connected to demo", where="#general")


@pytest.mark.parametrize("again", ["meanwhile", "afterwards"])
async def test_submitting_again_finds_the_first_result(mission: Mission, again: str) -> None:
    """A magic link submitted again, during a slow try or after it, does not fail."""
    ada, link = mission.ada, mission.platform.magic_link_for("ada")
    form = await form_by_command(ada)
    mission.platform.delay(SLOW, act_first=True, **refusals.LOGIN)
    await ada.submits(form, {"event": "demo", "credential": link})
    await ada.closes()
    if again == "afterwards":
        await ada.waits_for("You're connected to demo", where="#general")
    form = await form_by_command(ada)
    before = ada.now
    await ada.submits(form, {"event": "demo", "credential": link})
    await ada.waits_for("You're connected to demo", where="#general", since=before)
    assert not [seen for seen in await ada.sees(where="modal") if seen.errors]
    assert mission.platform_calls("POST", "/…") == 1


async def test_closing_the_form_during_the_check(mission: Mission) -> None:
    """Success shows as the pending command's answer, failure as a direct message."""
    ada, priya = mission.ada, mission.priya
    forms = [await form_by_command(person) for person in (ada, priya)]
    mission.platform.delay(SLOW, **refusals.LIST)
    token = mission.platform.token_for("ada")
    _, refused = await asyncio.gather(
        ada.submits(forms[0], {"event": "demo", "credential": token}),
        priya.submits(forms[1], {"event": "other-event", "credential": token}),
    )
    assert refused.ok
    await ada.closes()
    await priya.closes()
    await ada.waits_for("You're connected to demo", where="#general")
    message = await priya.waits_for(error_texts.AT_FIELD["event_not_found"], where="dm")
    mission.platform.faults.clear()
    await form_of(priya, message)


async def test_a_form_that_could_not_open_is_offered_again(mission: Mission) -> None:
    """An expired trigger leads to the prompt with its button."""
    ada = mission.ada
    mission.slack.faults.order(Fault("views.open", error="expired_trigger_id"))
    await ada.types("/networking connect")
    prompt = await ada.waits_for("First, connect", where="#general")
    await form_of(ada, prompt)


def files_in(folder: Path) -> list[str]:
    """Return the content of all files as latin-1."""
    return [path.read_bytes().decode("latin-1") for path in folder.iterdir()]


# --- a token where it does not belong ------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["connect {token}", "{token}", "connect {link}", "{link}", "join {token}", "x {token}"]
)
async def test_a_token_typed_after_the_command_is_refused(
    start: Start, tmp_path: Path, log_lines: LogLines, typed: str
) -> None:
    """It is not used, stored or repeated; the answer says what to do instead."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada, token = mission.ada, mission.platform.token_for("ada")
    link = mission.platform.magic_link_for("ada")
    key = link.partition("userKey=")[2].partition("&")[0]
    seen = await mission.ask(ada, "/networking " + typed.format(token=token, link=link))
    assert plain(texts.SECRET_TYPED, {}) in seen.text
    assert len(mission.platform.calls) == 0
    form = await form_of(ada, seen)
    assert filled_in(form) == {"event": "demo", "credential": ""}
    written = [mission.everything_in_slack(), json.dumps(log_lines, default=str)]
    written += files_in(tmp_path)
    assert not [1 for text in written for secret in (token, key) if secret in text]


async def test_a_token_leaves_the_form_only_for_accelevents(
    start: Start, tmp_path: Path, log_lines: LogLines
) -> None:
    """The token stands in no message, no request to Slack, no log, no file."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    token = mission.platform.token_for("ada")
    ada = await mission.link("ada", token)
    await mission.ask(ada, "/networking available 11645")
    await mission.ask(ada, "/networking status")
    written = [mission.everything_in_slack(), json.dumps(log_lines, default=str)]
    written += files_in(tmp_path)
    assert not [1 for text in written if token in text]
