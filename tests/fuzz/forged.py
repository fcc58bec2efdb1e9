"""Ids that somebody made up, or took from others: they reach nothing but one's own."""

from __future__ import annotations

import json
import random
import secrets
from typing import Any

from slackbot.slack.command import ALIASES, Name
from tests.fuzz import fakes_of_slack as slack
from tests.fuzz.count import Count
from tests.fuzz.target import ADA, PRIYA, TEAM, Target

WORDS = (*(name.value for name in Name if name.value), *ALIASES, "overview", "link", "hub", "admin")
STRANGERS = ("U0STRANGER", "W0GRID", "UEMPTY")
OTHERS = (PRIYA, f"{TEAM}/{PRIYA}", f"T0OTHER/{ADA}", "T0OTHER", "id:501/1", "11645", "99999999")


def made_up(rng: random.Random) -> str:
    """An id of somebody or something else, or of nothing."""
    return rng.choice(
        [
            rng.choice(OTHERS),
            str(rng.choice([0, -1, 2**31, 2**63, 2**64, 10**30])),
            f"{rng.getrandbits(128):032x}",
            "../" * rng.randint(1, 4) + PRIYA,
            f"{PRIYA}' OR '1'='1",
            f'{{"user_id": "{PRIYA}", "team_id": "T0OTHER"}}',
            f"{PRIYA}\n{PRIYA}",
            "%00" + PRIYA,
        ]
    )


def button(rng: random.Random, user: str, url: str) -> Any:
    """A button with a made-up action id or value, pressed by somebody without a link."""
    action_id = f"{rng.choice(WORDS)}:{made_up(rng)}"
    value = rng.choice([made_up(rng), f"{rng.choice(WORDS)} {made_up(rng)}"])
    return slack.press(user, action_id[:255], value[:2000], url)


def form(rng: random.Random, user: str, url: str) -> Any:
    """The form with a made-up errand and a token of nobody's."""
    pending = {
        "command": f"{rng.choice(WORDS)} {made_up(rng)}",
        "response_url": rng.choice([url, "", "http://127.0.0.1:1/", "file:///etc/passwd"]),
        "is_prompt": rng.choice([True, False, "yes", None]),
        "team_id": "T0OTHER",
        "user_id": PRIYA,
    }
    private = rng.choice([json.dumps(pending), made_up(rng), "", "[]", "null"])
    return slack.submission(user, private, "demo", secrets.token_urlsafe(24))


def of_another_workspace(rng: random.Random, user: str, url: str) -> Any:
    """The workspace of somebody else beside one's own, wherever a payload has one."""
    payload = rng.choice([button, form])(rng, user, url)
    where = rng.choice(["team", "user", "view", "container"])
    if where == "team":
        payload["team"]["id"] = "T0OTHER"
    elif where == "user":
        payload["user"] |= {"team_id": "T0OTHER"}
    else:
        payload.setdefault(where, {}).update(
            team_id="T0OTHER", app_installed_team_id=rng.choice(["T0OTHER", TEAM])
        )
    return payload


def uninstalled(rng: random.Random, user: str, url: str) -> Any:
    """A workspace that nobody knows leaves."""
    del url
    return slack.event(
        rng.choice(["app_uninstalled", "tokens_revoked"]),
        f"T{rng.getrandbits(40):X}",
        user=rng.choice([user, PRIYA]),
        tokens={"bot": [PRIYA], "oauth": []},
    )


async def forged_ids(target: Target, tries: int, seed: int) -> Count:
    """Throw them, as strangers; no row of anybody changes."""
    rng, count = random.Random(seed), Count("forged ids")
    state = target.state("seen_events")
    for _ in range(tries):
        make = rng.choice([button, button, form, of_another_workspace, uninstalled])
        payload = make(rng, rng.choice(STRANGERS), target.filled("{response_url}"))
        count.tried += 1
        try:
            status, _ = await (target.event if "event" in payload else target.interact)(payload)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            count.note("unhandled", f"{error!r} {payload}")
            continue
        await target.settled()
        count.answers[str(status)] += 1
        if status not in {200, 400}:
            count.note("wrong", f"{status} {payload}")
        for line in target.defects():
            count.note("unhandled", f"{line} {payload}")
        if target.state("seen_events") != state:
            count.note("changed", payload)
            state = target.state("seen_events")
        target.forget_traffic()
    return count


async def forged_by_members(target: Target, tries: int, seed: int) -> Count:
    """The same by somebody who is linked: only their own rows may change."""
    rng, count = random.Random(seed), Count("forged ids, by a member")
    others = target.state_of(TEAM, PRIYA), target.state_of("T0OTHER")
    for _ in range(tries):
        make = rng.choice([button, button, form])
        payload = make(rng, ADA, target.filled("{response_url}"))
        count.tried += 1
        status, _ = await target.interact(payload)
        await target.settled()
        count.answers[str(status)] += 1
        if status != 200:
            count.note("wrong", f"{status} {payload}")
        for line in target.defects():
            count.note("unhandled", f"{line} {payload}")
        if (target.state_of(TEAM, PRIYA), target.state_of("T0OTHER")) != others:
            count.note("changed", payload)
        target.forget_traffic()
    return count
