"""From the match to the call: one button, one browser, a new link for another."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from slackbot.domain.model import EventSlug, Match, Person, TeamId, UserId
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.slack import ScreenItem
from slackbot.slack import manner_texts, texts
from tests.harness.calls import OURS, built_page

from .conftest import LogLines, Mission, Start, dms, until, waits_for_dms

SESSION = 11645
PUBLIC = "http://127.0.0.1:3000"


@dataclass
class Pair:
    """Ada and Priya, matched."""

    mission: Mission
    card: ScreenItem

    def url(self, card: ScreenItem | None = None) -> str:
        """Return the button's target, at the bot's real address."""
        (button,) = (b for b in (card or self.card).buttons if b.text == texts.BUTTON_CALL)
        assert button.url is not None
        assert button.url.startswith(f"{PUBLIC}/call/")
        return button.url.replace(PUBLIC, self.mission.bot_url)

    async def match(self) -> Match:
        """Return Ada's stored match with its call."""
        ada = Person(TeamId(self.mission.team), UserId(self.mission.ada.id))
        async with self.mission.store() as store:
            (known,) = await store.matches.list_for(ada, EventSlug("demo"))
            match = await store.matches.get(ada, known.id)
        assert match is not None
        return match


async def matched(start: Start, folder: Path, **changes: Any) -> Pair:
    """Two people are matched, and both have their message."""
    database = f"sqlite:///{folder}/slackbot.db"
    given = {"public_url": PUBLIC, "database_url": database, "call_static": built_page(folder)}
    mission = await start(**(given | changes))
    for name in ("ada", "priya"):
        person = await mission.link(name)
        await mission.ask(person, f"/networking available {SESSION}")
    await waits_for_dms(mission.ada, 1, "You're matched with", seconds=20)
    (card,) = await dms(mission.ada)
    return Pair(mission, card)


async def asks(url: str, browser: httpx.AsyncClient | None = None) -> httpx.Response:
    async with browser or httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{url}/session", headers=OURS)


async def test_the_call_is_one_click_away(start: Start, tmp_path: Path) -> None:
    """The card's main button opens the page, which gives one browser this person's credentials."""
    pair = await matched(start, tmp_path)
    labels = [button.text for button in pair.card.buttons]
    assert labels == [
        texts.BUTTON_CALL,
        texts.BUTTON_AVAILABLE_AGAIN,
        texts.BUTTON_PAUSE,
        manner_texts.BUTTON_CANT,
        texts.BUTTON_NEW_LINK,
    ]
    styled = [e for b in pair.card.blocks for e in b.get("elements", []) if e.get("style")]
    assert [e["text"]["text"] for e in styled if "text" in e] == [texts.BUTTON_CALL]
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(pair.url())
        assert page.text == (tmp_path / "call.html").read_text()
        given = (await browser.post(f"{pair.url()}/session", headers=OURS)).json()
        match = await pair.match()
        assert match.call is not None
        assert given["attendee"] == match.call.attendee
        assert given["partner"] == "Priya Raman"
        assert 0 < given["endsInMs"] <= 300_000
        assert f"channel={match.channel}&team={pair.mission.team}" in given["slackUrl"]
        assert (await asks(pair.url())).status_code == 409
        joined = await browser.post(f"{pair.url()}/state", headers=OURS, json={"state": "joined"})
        assert joined.status_code == 204


async def test_a_click_is_acknowledged_and_recorded(start: Start, tmp_path: Path) -> None:
    """Slack reports the click, too: no answer, but the opening is recorded."""
    pair = await matched(start, tmp_path)
    answer = await pair.mission.ada.clicks(pair.card, texts.BUTTON_CALL)
    assert answer.ok
    assert answer.opened == pair.url().replace(pair.mission.bot_url, PUBLIC)
    await until(lambda: opened(tmp_path) == 1)
    assert await dms(pair.mission.ada) == [pair.card]


def opened(folder: Path) -> int:
    """Count the opened links."""
    with closing(sqlite3.connect(folder / "slackbot.db")) as database:
        query = "select count(*) from call_links where opened_at is not null"
        return int(database.execute(query).fetchone()[0])


async def test_a_new_link_replaces_the_old_one(start: Start, tmp_path: Path) -> None:
    """The message is edited once: the old link is refused, the new one works elsewhere."""
    pair = await matched(start, tmp_path)
    old = pair.url()
    assert (await asks(old)).status_code == 200
    assert (await pair.mission.ada.clicks(pair.card, texts.BUTTON_NEW_LINK)).ok
    card = await pair.mission.ada.waits_for(
        lambda now: now.id == pair.card.id and pair.url(now) != old, since=pair.card.changed
    )
    answer = await asks(old)
    assert (answer.status_code, answer.json()) == (410, {"error": "replaced"})
    assert (await asks(pair.url(card))).status_code == 200
    assert card.text == pair.card.text
    assert [b.text for b in card.buttons] == [b.text for b in pair.card.buttons]
    assert card.metadata == pair.card.metadata
    assert len(await dms(pair.mission.ada)) == 1


async def test_links_and_credentials_do_not_leak(
    start: Start, tmp_path: Path, log_lines: LogLines
) -> None:
    """Not to a text, the metadata or a log line, nor to anybody else's messages."""
    pair = await matched(start, tmp_path)
    url = pair.url()
    signed = url.rpartition("/")[2]
    async with httpx.AsyncClient(trust_env=False) as browser:
        await browser.get(url)
        answer = await browser.post(f"{url}/session", headers=OURS)
        cookie = answer.cookies["call"]
        await browser.post(f"{url}/session")
        await browser.post(f"{url}x/session", headers=OURS)
        await browser.post(f"{url}/state", headers=OURS, content=b"junk")
    token = answer.json()["attendee"]["JoinToken"]
    for secret in (signed, cookie, token):
        assert secret not in repr(log_lines)
        assert secret not in pair.card.notification + pair.card.text + repr(pair.card.metadata)
        assert secret not in (tmp_path / "slackbot.db").read_bytes().decode("latin-1")
    posted = [call.args for call in pair.mission.slack.calls if call.method == "chat.postMessage"]
    assert sum(signed in json.dumps(args) for args in posted) == 1
    assert token not in pair.mission.everything_in_slack()
    for args in posted:
        assert (args["unfurl_links"], args["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"public_url": ""}, "calls_not_wanted"),
        ({"public_url": "http://bot.example.com"}, "calls_without_tls"),
        ({"call_static": Path("/nowhere")}, "call_page_missing"),
    ],
)
async def test_without_a_page_the_hub_is_the_way(
    start: Start, tmp_path: Path, log_lines: LogLines, changes: dict[str, Any], reason: str
) -> None:
    """No call button, no link, no route; the log gives the reason once."""
    pair = await matched(start, tmp_path, **changes)
    labels = [button.text for button in pair.card.buttons]
    assert labels[0] == texts.BUTTON_MEET
    assert not {texts.BUTTON_CALL, texts.BUTTON_NEW_LINK} & set(labels)
    assert opened(tmp_path) == 0
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert (await browser.get(f"{pair.mission.bot_url}/call/x")).status_code == 404
    said = [line for line in log_lines if line["event"] == "call_page_off"]
    assert [line["reason"] for line in said] == [reason]


async def test_a_call_at_an_unknown_host_is_not_offered(
    start: Start, tmp_path: Path, log_lines: LogLines
) -> None:
    """People meet in the hub; the log has the reason, and no address."""
    pair = await matched(start, tmp_path, call_media_hosts="*.media.example")
    assert pair.card.buttons[0].text == texts.BUTTON_MEET
    refused = [line for line in log_lines if line["event"] == "call_not_offered"]
    assert {line["reason"] for line in refused} == {"media_host"}
    assert "chime" not in repr(log_lines)


async def test_a_match_without_details_has_no_call_button(start: Start, tmp_path: Path) -> None:
    """Without the platform's details there is nothing to join."""
    platform = Accelevents()
    platform.knobs.shape = "no_call"
    pair = await matched(start, tmp_path, platform=platform)
    assert pair.card.buttons[0].text == texts.BUTTON_MEET
