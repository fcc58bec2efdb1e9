"""Slack's requests with one or two fields mutated, correctly signed."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.fuzz import mutations
from tests.fuzz.corpus import Case, cases, send
from tests.fuzz.mutations import MISSING, Path
from tests.fuzz.result import Result
from tests.fuzz.target import Target

BATCH = 100  # requests between two looks at the log
EXPECTED = {200, 400, 404}
# Requests that change rows: only fields without which they mean nothing are mutated.
ESSENTIAL: dict[str, tuple[Path, ...]] = {
    "command_disconnect": (("command",), ("text",), ("team_id",), ("user_id",)),
    "action_disconnect": (
        ("type",),
        ("user",),
        ("user", "id"),
        ("team",),
        ("actions",),
        ("actions", 0),
        ("actions", 0, "action_id"),
    ),
    "view_submission_linked": (
        ("type",),
        ("user",),
        ("user", "id"),
        ("view",),
        ("view", "callback_id"),
        ("view", "state"),
        ("view", "state", "values"),
        ("view", "state", "values", "event"),
        ("view", "state", "values", "event", "event", "value"),
        ("view", "state", "values", "credential"),
        ("view", "state", "values", "credential", "credential", "value"),
    ),
    # An event names its workspace twice, so that neither place alone is essential.
    "event_app_uninstalled": (("type",), ("event",), ("event", "type")),
    "event_tokens_revoked_bot": (
        ("type",),
        ("event",),
        ("event", "type"),
        ("event", "tokens"),
    ),
    "event_user_change_deactivated": (
        ("type",),
        ("event",),
        ("event", "type"),
        ("event", "user"),
        ("event", "user", "id"),
        ("event", "user", "deleted"),
        ("event_time",),
    ),
}
# A missing or null team, or one without an id, falls back to the person's own by Slack's rules
# for organisations, so `team` is only replaced by a value of another type.
FALLS_BACK = {("action_disconnect", ("team",))}
# Requests that one mutation turns into a change: anything in an empty list of bot tokens means that
# the app was removed; one field being true, or another time, that somebody was deactivated; one
# field missing, that a person wrote the message.
ONE_STEP_AWAY = {
    "event_message_edited",
    "event_message_in_channel",
    "event_message_of_a_bot",
    "event_tokens_revoked_user",
    "event_user_change_profile",
    "event_user_change_late",
}


def harmless(case: Case) -> bool:
    """Return True if no mutation of the request can change rows."""
    if case.name in ONE_STEP_AWAY:
        return False
    return not case.changes and case.kind != "raw" and "disconnect" not in json.dumps(case.content)


def mutate_once(case: Case, rng: random.Random) -> Any:
    """Return the content with one field mutated."""
    if case.name in ESSENTIAL:
        path = rng.choice(ESSENTIAL[case.name])
    else:
        path = rng.choice(list(mutations.paths(case.content)))
    original = mutations.value_at(case.content, path)
    candidates = mutations.replacements(original, rng)
    if (case.name, path) in FALLS_BACK:
        candidates = [
            c
            for c in candidates
            if c is not MISSING and (c.get("id") if isinstance(c, dict) else c)
        ]
    if case.name in ESSENTIAL and case.kind == "form":
        # A form has only texts: a list of the original is the original.
        candidates = [c for c in candidates if c != [original]]
    return mutations.replaced(case.content, path, rng.choice(candidates))


def mutate_twice(case: Case, rng: random.Random) -> Any:
    """Return the content with two fields mutated, or one if it could change rows."""
    once = mutate_once(case, rng)
    rest = list(mutations.paths(once))
    if case.name in ESSENTIAL or not rest:
        return once
    path = rng.choice(rest)
    return mutations.replaced(
        once, path, rng.choice(mutations.replacements(mutations.value_at(once, path), rng))
    )


async def mutated_payloads(target: Target, tries: int, seed: int) -> Result:
    """Send them; none raises, none is answered 5xx, none changes rows."""
    rng, result = random.Random(seed), Result("mutated Slack payloads")
    known = [case for case in cases() if harmless(case) or case.name in ESSENTIAL]
    state = target.state("seen_events")
    for number in range(tries):
        case = known[number % len(known)]
        content = (mutate_twice if rng.random() < 0.3 else mutate_once)(case, rng)
        sample = f"{case.name}: {_difference(case.content, content)}"
        result.tried += 1
        try:
            status, _ = await send(target, case.kind, content)
        except Exception as error:  # noqa: BLE001 - a finding
            result.record("unhandled", f"{error!r} {sample}")
            continue
        result.answers[str(status)] += 1
        if status not in EXPECTED:
            result.record("wrong", f"{status} {sample}")
        await target.wait_until_idle()
        if (now := target.state("seen_events")) != state:
            result.record("changed", f"{sample}; rows before: {state}, after: {now}")
            state = now
        if number % BATCH == BATCH - 1 or number == tries - 1:
            for line in target.log_errors():
                result.record("unhandled", line)
            target.clear_records()
    return result


def _difference(original: Any, mutated: Any) -> str:
    """Describe the places that differ, the outermost first."""
    remaining = set(mutations.paths(mutated))
    return "; ".join(
        f"{path} {mutations.value_at(mutated, path) if path in remaining else 'missing'!r:.200}"
        for path in mutations.paths(original)
        if path not in remaining
        or mutations.value_at(mutated, path) != mutations.value_at(original, path)
    )
