"""Slack's inputs with one or two fields gone wrong, truly signed."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.fuzz import mutants
from tests.fuzz.corpus import Case, cases, send
from tests.fuzz.count import Count
from tests.fuzz.mutants import MISSING, Path
from tests.fuzz.target import Target

BATCH = 100
MEANT = {200, 400, 404}
GOOD_TOKEN = "{token}"
BEARING: dict[str, tuple[Path, ...]] = {
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
    "event_app_uninstalled": (("type",), ("team_id",), ("event",), ("event", "type")),
    "event_tokens_revoked_bot": (
        ("type",),
        ("team_id",),
        ("event",),
        ("event", "type"),
        ("event", "tokens"),
    ),
    "event_user_change_deactivated": (
        ("type",),
        ("team_id",),
        ("event",),
        ("event", "type"),
        ("event", "user"),
        ("event", "user", "id"),
        ("event", "user", "deleted"),
        ("event_time",),
    ),
}
"""Inputs that change rows: only the fields without which they mean nothing are touched.

A missing or null team, or one without an id, falls back to the person's own by Slack's rules for
organisations, so `team` is only replaced by something of another type.
"""
FALLS_BACK = {("action_disconnect", ("team",))}
ONE_STEP_AWAY = {
    "event_tokens_revoked_user",
    "event_user_change_profile",
    "event_user_change_late",
}
"""Anything in its empty list of bot tokens means that the app was removed; one field's being true,
or another time, that somebody was deactivated."""


def harmless(case: Case) -> bool:
    """Whether no mutant of it can mean a change."""
    if case.name in ONE_STEP_AWAY:
        return False
    return not case.changes and case.kind != "raw" and "disconnect" not in json.dumps(case.content)


def one_wrong(case: Case, rng: random.Random) -> Any:
    """The content with a field gone wrong; in a form, fields are missing or texts."""
    if case.name in BEARING:
        path = rng.choice(BEARING[case.name])
    else:
        path = rng.choice(list(mutants.paths(case.content)))
    wrongs = mutants.wrongs(mutants.read(case.content, path), rng)
    if (case.name, path) in FALLS_BACK:
        wrongs = [
            w for w in wrongs if w is not MISSING and (w.get("id") if isinstance(w, dict) else w)
        ]
    if case.name in BEARING:
        wrongs = [w for w in wrongs if not _still_means_it(case, path, w)]
    return mutants.mutated(case.content, path, rng.choice(wrongs))


def _still_means_it(case: Case, path: Path, wrong: Any) -> bool:
    """A form has only texts: `None` and lists become texts too, which the corpus already sends."""
    right = mutants.read(case.content, path)
    return isinstance(wrong, list) and wrong == [right] and case.kind == "form"


def two_wrong(case: Case, rng: random.Random) -> Any:
    """The same once more, for inputs that cannot change anything."""
    once = one_wrong(case, rng)
    rest = list(mutants.paths(once))
    if case.name in BEARING or not rest:
        return once
    path = rng.choice(rest)
    return mutants.mutated(once, path, rng.choice(mutants.wrongs(mutants.read(once, path), rng)))


async def mutated_payloads(target: Target, tries: int, seed: int) -> Count:
    """Throw them; none raises, none is answered 5xx, none changes a row."""
    rng, count = random.Random(seed), Count("mutated Slack payloads")
    known = [case for case in cases() if harmless(case) or case.name in BEARING]
    state = target.state("seen_events")
    for number in range(tries):
        case = known[number % len(known)]
        content = (two_wrong if rng.random() < 0.3 else one_wrong)(case, rng)
        told = f"{case.name}: {_difference(case.content, content)}"
        count.tried += 1
        try:
            status, _ = await send(target, case.kind, content)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            count.note("unhandled", f"{error!r} {told}")
            continue
        count.answers[str(status)] += 1
        if status not in MEANT:
            count.note("wrong", f"{status} {told}")
        await target.settled()
        if (now := target.state("seen_events")) != state:
            count.note("changed", f"{told}; rows before: {state}, after: {now}")
            state = now
        if number % BATCH == BATCH - 1 or number == tries - 1:
            for line in target.defects():
                count.note("unhandled", line)
            target.forget_traffic()
    return count


def _difference(right: Any, wrong: Any) -> str:
    """The places that differ, the outermost of each first."""
    there = set(mutants.paths(wrong))
    return "; ".join(
        f"{path} {mutants.read(wrong, path) if path in there else 'missing'!r:.200}"
        for path in mutants.paths(right)
        if path not in there or mutants.read(wrong, path) != mutants.read(right, path)
    )
