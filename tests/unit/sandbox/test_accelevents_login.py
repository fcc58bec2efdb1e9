from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from accelevents_harness import LIST, Harness, running

from slackbot.sandbox.accelevents import Accelevents, Knobs

GOOD = {"eventUrl": "demo", "loginSource": "MAGIC_LINK"}


async def log_in(here: Harness, key: str, **query: Any):
    return await here.http.post(f"/rest/u/loginUserByUserKey/{key}", params=GOOD | query)


async def test_a_magic_link_gives_a_token_that_works():
    """The key of a pasted link is exchanged for an access token of the same person."""
    async with running() as here:
        link = urlsplit(here.platform.magic_link_for("ada", "https://events.example"))
        assert link[:3] == ("https", "events.example", "/e/demo/portal")
        query = parse_qs(link.query)
        assert query["loginSource"] == ["MAGIC_LINK"]
        body = (await log_in(here, query["userKey"][0])).json()
        assert (body["userId"], body["userRole"]) == (501, "ROLE_USER")
        header = {"Authorization": body["access_token"]}
        assert (await here.http.get(LIST, headers=header)).status_code == 200


async def test_expires_in_is_a_local_date_time():
    """The expiry of a token is written as date and time in the event's time zone."""
    now = datetime(2030, 5, 1, 9, tzinfo=UTC)
    async with running(Knobs(zone="Asia/Tokyo"), now=lambda: now) as here:
        body = (await log_in(here, here.platform.user_key_for("ada"))).json()
        assert body["expires_in"] == "2030-05-02 02:00:00"


async def test_a_key_works_once():
    """The second use is 4068006."""
    async with running() as here:
        key = here.platform.user_key_for("ada")
        assert (await log_in(here, key)).status_code == 200
        again = await log_in(here, key)
        assert (again.status_code, again.json()["errorCode"]) == (406, 4068006)


async def test_an_expired_key_is_refused():
    """An expired key is 4068006, like a used one."""
    async with running() as here:
        answer = await log_in(here, here.platform.user_key_for("ada", timedelta(0)))
        assert (answer.status_code, answer.json()["errorCode"]) == (406, 4068006)


async def test_an_unknown_key_is_not_authorised():
    """A made-up key is 4010101."""
    async with running() as here:
        answer = await log_in(here, "made-up")
        assert (answer.status_code, answer.json()["errorCode"]) == (401, 4010101)


async def test_a_wrong_event_does_not_use_the_key_up():
    """4040200 for another event; at the right one the key is still valid."""
    async with running() as here:
        key = here.platform.user_key_for("ada")
        wrong = await log_in(here, key, eventUrl="other")
        assert (wrong.status_code, wrong.json()["errorCode"]) == (404, 4040200)
        assert (await log_in(here, key)).status_code == 200


async def test_a_locked_account_cannot_log_in():
    """4010102 for a key of a locked account."""
    async with running() as here:
        here.platform.lock("ada")
        answer = await log_in(here, here.platform.user_key_for("ada"))
        assert (answer.status_code, answer.json()["errorCode"]) == (401, 4010102)


@pytest.mark.parametrize("missing", ["eventUrl", "loginSource"])
async def test_both_parameters_are_needed(missing: str):
    """A call without the event or the source is malformed."""
    async with running() as here:
        query = {name: value for name, value in GOOD.items() if name != missing}
        path = f"/rest/u/loginUserByUserKey/{here.platform.user_key_for('ada')}"
        assert (await here.http.post(path, params=query)).status_code == 400


async def test_received_calls_are_recorded_without_credentials():
    """The record has method, path, query, caller and status, and neither key nor token."""
    async with running() as here:
        key = here.platform.user_key_for("ada")
        token = (await log_in(here, key)).json()["access_token"]
        await here.http.get(LIST, headers={"Authorization": token}, params={"size": "5"})
        login, listing = here.platform.calls
        assert (login.method, login.attendee, login.status) == ("POST", "ada", 200)
        assert (listing.query, listing.attendee, listing.status) == ({"size": "5"}, "ada", 200)
        written = f"{here.platform.calls} {(await here.http.get('/_sandbox/state')).text}"
        assert key not in written
        assert token not in written


def test_a_link_has_the_platforms_own_host_by_default():
    """The default link is the one in the documentation."""
    link = Accelevents().magic_link_for("priya")
    assert link.startswith("https://www.accelevents.com/e/demo/portal?userKey=")
