"""Made-up ids and those of others: requests with them affect nothing but the sender's own rows."""

from __future__ import annotations

import json
import random
import secrets
from typing import Any

from slackbot.slack.command import ALIASES, Name
from tests.fuzz import slack_payloads as slack
from tests.fuzz.result import Result
from tests.fuzz.target import ADA, PRIYA, TEAM, Target

WORDS = (*(name.value for name in Name if name.value), *ALIASES, "overview", "link", "hub", "admin")
STRANGERS = ("U0STRANGER", "W0GRID", "UEMPTY")
OTHERS = (PRIYA, f"{TEAM}/{PRIYA}", f"T0OTHER/{ADA}", "T0OTHER", "id:501/1", "11645", "99999999")


def made_up(rng: random.Random) -> str:
    """Return an id of somebody else, of something else, or of nothing."""
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
    """Return a press of a button with a made-up action id or value."""
    action_id = f"{rng.choice(WORDS)}:{made_up(rng)}"
    value = rng.choice([made_up(rng), f"{rng.choice(WORDS)} {made_up(rng)}"])
    return slack.press(user, action_id[:255], value[:2000], url)


def form(rng: random.Random, user: str, url: str) -> Any:
    """Return a form with a made-up pending command and an invalid token."""
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
    """Return a payload that names another workspace beside the sender's own."""
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
    """Return the uninstallation of an unknown workspace."""
    del url
    return slack.event(
        rng.choice(["app_uninstalled", "tokens_revoked"]),
        f"T{rng.getrandbits(40):X}",
        user=rng.choice([user, PRIYA]),
        tokens={"bot": [PRIYA], "oauth": []},
    )


async def forged_ids(target: Target, tries: int, seed: int) -> Result:
    """Send them as people without a link; no rows change."""
    rng, result = random.Random(seed), Result("forged ids")
    state = target.state("seen_events")
    for _ in range(tries):
        make = rng.choice([button, button, form, of_another_workspace, uninstalled])
        payload = make(rng, rng.choice(STRANGERS), target.fill_in("{response_url}"))
        result.tried += 1
        try:
            status, _ = await (target.event if "event" in payload else target.interact)(payload)
        except Exception as error:  # noqa: BLE001 - a finding
            result.record("unhandled", f"{error!r} {payload}")
            continue
        await target.wait_until_idle()
        result.answers[str(status)] += 1
        if status not in {200, 400}:
            result.record("wrong", f"{status} {payload}")
        for line in target.log_errors():
            result.record("unhandled", f"{line} {payload}")
        if target.state("seen_events") != state:
            result.record("changed", payload)
            state = target.state("seen_events")
        target.clear_records()
    return result


async def forged_by_members(target: Target, tries: int, seed: int) -> Result:
    """Send them as a linked person; only that person's own rows may change."""
    rng, result = random.Random(seed), Result("forged ids, by a member")
    others = target.state_of(TEAM, PRIYA), target.state_of("T0OTHER")
    for _ in range(tries):
        make = rng.choice([button, button, form])
        payload = make(rng, ADA, target.fill_in("{response_url}"))
        result.tried += 1
        status, _ = await target.interact(payload)
        await target.wait_until_idle()
        result.answers[str(status)] += 1
        if status != 200:
            result.record("wrong", f"{status} {payload}")
        for line in target.log_errors():
            result.record("unhandled", f"{line} {payload}")
        if (target.state_of(TEAM, PRIYA), target.state_of("T0OTHER")) != others:
            result.record("changed", payload)
        target.clear_records()
    return result
