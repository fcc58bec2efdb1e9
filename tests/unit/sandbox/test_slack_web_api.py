"""The Web API through Slack's own SDK: results, and every error code."""

from typing import Any

import aiohttp
import pytest
from slack_harness import code, refused, running, section
from slack_sdk.errors import SlackApiError

from slackbot.sandbox.slack import Fault

METADATA = {"event_type": "match", "event_payload": {"key": "k1"}}


async def test_says_who_the_bot_is():
    """auth.test returns team and bot, and a header lists the granted scopes."""
    async with running() as here:
        who = await here.client.auth_test()
        assert (who["team_id"], who["user_id"], who["bot_id"]) == ("T0DEMO", "U0BOT", "B0BOT")
        scopes = "app_mentions:read,chat:write,commands,dnd:read,im:history,im:write,users:read"
        assert who.headers["x-oauth-scopes"] == scopes


async def test_posts_edits_and_deletes():
    """A message is stored with blocks and metadata, edited in place, and deleted."""
    async with running() as here:
        opened = await here.client.conversations_open(users="U0ADA", return_im=True)
        assert opened["channel"] == {"id": here.dm, "is_im": True, "user": "U0ADA"}
        posted = await here.client.chat_postMessage(
            channel=here.dm, text="hi", blocks=[section("*Hi*")], metadata=METADATA
        )
        assert posted["channel"] == here.dm
        (seen,) = await here.ada.sees(where="dm")
        assert (seen.text, seen.notification, seen.metadata) == ("Hi", "hi", METADATA)
        assert await here.priya.sees() == []
        edited = await here.client.chat_update(
            channel=here.dm, ts=posted["ts"], text="over", blocks=[section("Over")]
        )
        assert edited["message"]["edited"]["ts"] > posted["ts"]
        (seen,) = await here.ada.sees(where="dm")
        assert (seen.text, seen.id, seen.earlier) == ("Over", posted["ts"], ("Hi",))
        assert seen.metadata == METADATA
        await here.client.chat_delete(channel=here.dm, ts=posted["ts"])
        assert await here.ada.sees() == []


async def test_an_edit_keeps_blocks_unless_given():
    """chat.update without blocks keeps them; an empty list removes them."""
    async with running() as here:
        posted = await here.client.chat_postMessage(
            channel="U0ADA", text="a", blocks=[section("b")]
        )
        where = {"channel": posted["channel"], "ts": posted["ts"]}
        await here.client.chat_update(**where, text="c")
        assert [s.text for s in await here.ada.sees()] == ["b"]
        await here.client.chat_update(**where, text="c", blocks=[])
        assert [s.text for s in await here.ada.sees()] == ["c"]


async def test_ephemeral_messages_are_for_one():
    """Only its user sees an ephemeral message, and it cannot be edited or deleted."""
    async with running() as here:
        posted = await here.client.chat_postEphemeral(
            channel="C0GENERAL", user="U0ADA", text="psst"
        )
        assert [s.kind for s in await here.ada.sees("psst")] == ["ephemeral"]
        assert await here.priya.sees("psst") == []
        where = {"channel": "C0GENERAL", "ts": posted["message_ts"]}
        assert await code(here.client.chat_update(**where, text="x")) == "message_not_found"
        assert await code(here.client.chat_delete(**where)) == "message_not_found"


async def test_reads_history_page_by_page():
    """conversations.history returns messages newest first, with metadata on request."""
    async with running() as here:
        here.slack.rate_limits.enabled = False
        here.slack.workspace.scopes.add("im:history")
        sent = [
            await here.client.chat_postMessage(channel=here.dm, text=f"m{n}", metadata=METADATA)
            for n in range(3)
        ]
        ask = here.client.conversations_history
        first = await ask(channel=here.dm, limit=2, include_all_metadata=True)
        assert [m["text"] for m in first["messages"]] == ["m2", "m1"]
        assert first["has_more"]
        assert first["messages"][0]["metadata"] == METADATA
        rest = await ask(channel=here.dm, cursor=first["response_metadata"]["next_cursor"])
        assert [m["text"] for m in rest["messages"]] == ["m0"]
        assert "metadata" not in rest["messages"][0]
        assert not rest["has_more"]
        later = await ask(channel=here.dm, oldest=sent[1]["ts"])
        assert [m["text"] for m in later["messages"]] == ["m2"]
        one = await ask(channel=here.dm, oldest=sent[1]["ts"], latest=sent[1]["ts"], inclusive=True)
        assert [m["text"] for m in one["messages"]] == ["m1"]
        assert await code(ask(channel=here.dm, limit=1000)) == "invalid_limit"
        assert await code(ask(channel="D404")) == "channel_not_found"


async def test_returns_profiles():
    """users.info has the time zone, and the e-mail address only with its scope."""
    async with running() as here:
        here.slack.workspace.named("priya").email = "priya@northwind.example"
        user = (await here.client.users_info(user="U0PRIYA"))["user"]
        assert (user["tz"], user["tz_offset"]) == ("Asia/Kolkata", 19800)
        assert "email" not in user["profile"]
        here.slack.workspace.scopes.add("users:read.email")
        user = (await here.client.users_info(user="U0PRIYA"))["user"]
        assert user["profile"]["email"] == "priya@northwind.example"


@pytest.mark.parametrize("state", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_refuses_dead_tokens(state: str):
    """An inactive token is refused with its own code."""
    async with running() as here:
        here.slack.workspace.state = state
        assert await code(here.client.auth_test()) == state


async def test_refuses_strangers():
    """A missing or unknown token and an unknown method are refused."""
    async with running() as here:
        assert await code(here.client.auth_test(token="xoxb-other")) == "invalid_auth"
        assert await code(here.client.api_call("chat.shout")) == "unknown_method"
        async with here.http.post(f"{here.url}/api/auth.test") as answer:
            assert await answer.json() == {"ok": False, "error": "not_authed"}
        form = {"token": here.slack.token}
        async with here.http.post(f"{here.url}/api/auth.test", data=form) as answer:
            assert (await answer.json())["ok"]
        async with here.http.post(f"{here.url}/api/chat.postMessage", json=form) as answer:
            assert (await answer.json())["error"] == "not_authed"


async def test_names_the_missing_scope():
    """missing_scope gives the needed and the granted scopes."""
    async with running() as here:
        here.slack.workspace.scopes = {"commands"}
        said = await refused(here.client.chat_postMessage(channel=here.dm, text="x"))
        assert said["error"] == "missing_scope"
        assert (said["needed"], said["provided"]) == ("chat:write", "commands")
        assert await code(here.client.conversations_open(users="U0ADA")) == "missing_scope"
        assert await code(here.client.users_info(user="U0ADA")) == "missing_scope"
        history = await refused(here.client.conversations_history(channel=here.dm))
        assert history["needed"] == "im:history"


async def test_refuses_arguments():
    """Unknown and missing arguments are named; a body must be a JSON object."""
    async with running() as here:
        call = here.client.api_call
        said = await refused(call("chat.postMessage", json={"channel": here.dm, "txt": "x"}))
        assert said["error"] == "invalid_arguments"
        assert "unknown argument: txt" in said["response_metadata"]["messages"][0]
        said = await refused(call("auth.test", params={"team_id": "T0OTHER"}))
        assert "another workspace" in said["errors"][0]
        assert (await call("auth.test", params={"team_id": "T0DEMO"}))["ok"]
        said = await refused(call("chat.update", json={"channel": here.dm}))
        assert "missing required field: ts" in said["errors"][0]
        assert await code(call("users.info", json={"user": "U0ADA"})) == "invalid_arguments"
        assert await code(call("chat.postMessage", json={"channel": here.dm, "text": 3})) == (
            "invalid_arguments"
        )
        headers = {
            "authorization": f"Bearer {here.slack.token}",
            "content-type": "application/json",
        }
        for body, error in (("{", "invalid_json"), ("[]", "json_not_object")):
            async with here.http.post(
                f"{here.url}/api/chat.postMessage", data=body, headers=headers
            ) as answer:
                assert (await answer.json())["error"] == error


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "blocks": [section("y" * 3001)]}, "invalid_blocks"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": {}}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [section("y" * 2900)] * 4}, "msg_blocks_too_long"),
        ({"text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": []}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "m"}}, "invalid_metadata_schema"),
        (
            {"text": "x", "metadata": {"event_type": "m", "event_payload": {"a": "b" * 8000}}},
            "metadata_too_large",
        ),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_refuses_messages(content: dict[str, Any], error: str):
    """Invalid content is refused, and nothing is stored."""
    async with running() as here:
        call = here.client.api_call("chat.postMessage", json={"channel": here.dm, **content})
        assert await code(call) == error
        assert await here.ada.sees() == []


async def test_points_at_the_bad_block():
    """invalid_blocks carries JSON pointers."""
    async with running() as here:
        said = await refused(
            here.client.chat_postMessage(channel=here.dm, text="x", blocks=[section("")])
        )
        (message,) = said["response_metadata"]["messages"]
        assert (
            message == "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"
        )


async def test_refuses_conversations_and_users():
    """Missing and closed conversations, and unknown and deleted users, are refused."""
    async with running() as here:
        workspace = here.slack.workspace
        workspace.add("gone").deleted = True
        post, open_ = here.client.chat_postMessage, here.client.conversations_open
        for channel in ("C404", "U404", "#nowhere"):
            assert await code(post(channel=channel, text="x")) == "channel_not_found"
        assert await code(post(channel="U0BOT", text="x")) == "cannot_dm_bot"
        assert await code(open_(users="U0BOT")) == "cannot_dm_bot"
        assert await code(open_(users="U404")) == "user_not_found"
        assert await code(open_(users="U0GONE")) == "user_disabled"
        assert await code(open_(users="U0ADA,U0PRIYA")) == "missing_scope"
        assert await code(here.client.api_call("conversations.open")) == "users_list_not_supplied"
        assert await code(open_(channel="D404")) == "channel_not_found"
        assert await code(here.client.users_info(user="U404")) == "user_not_found"
        whisper = here.client.chat_postEphemeral
        assert await code(whisper(channel="C0GENERAL", user="U404", text="x")) == "user_not_found"
        assert (
            await code(whisper(channel=here.dm, user="U0PRIYA", text="x")) == "user_not_in_channel"
        )
        workspace.channels["C0GENERAL"].is_archived = True
        assert await code(post(channel="#general", text="x")) == "is_archived"
        workspace.channels["C0GENERAL"].members.remove("U0BOT")
        assert await code(post(channel="C0GENERAL", text="x")) == "not_in_channel"


async def test_refuses_edits():
    """Only an existing message of the bot can be edited or deleted."""
    async with running() as here:
        await here.ada.types("hello")
        (hers,) = await here.ada.sees("hello")
        edit, delete = here.client.chat_update, here.client.chat_delete
        where = {"channel": here.dm, "ts": hers.id}
        assert await code(edit(**where, text="x")) == "cant_update_message"
        assert await code(delete(**where)) == "cant_delete_message"
        assert await code(edit(channel=here.dm, ts="1.000001", text="x")) == "message_not_found"
        assert await code(edit(channel="U0ADA", ts=hers.id, text="x")) == "channel_not_found"


async def test_notices_a_message_without_text():
    """Blocks without text are accepted, and a problem."""
    async with running() as here:
        with pytest.warns(UserWarning, match="text"):
            await here.client.chat_postMessage(channel=here.dm, blocks=[section("x")])
        assert [p.what for p in here.slack.problems] == ["chat.postMessage without text"]


async def test_records_every_call():
    """Calls are recorded with their arguments and without the token."""
    async with running() as here:
        await here.client.auth_test(token=here.slack.token)
        await code(here.client.chat_postMessage(channel="C404", text="x"))
        first, second = here.slack.calls
        assert (first.method, first.ok, first.args) == ("auth.test", True, {})
        assert (second.error, second.args) == (
            "channel_not_found",
            {"channel": "C404", "text": "x"},
        )


async def test_faults_apply():
    """Status, error and delay apply to the next `times` calls of a method."""
    async with running() as here:
        order = here.slack.faults.order
        order(Fault("auth.test", status=503, retry_after=7))
        with pytest.raises(SlackApiError) as down:
            await here.client.auth_test()
        assert (down.value.response.status_code, down.value.response.headers["retry-after"]) == (
            503,
            "7",
        )
        order(Fault("*", times=2, error="internal_error", delay=0.01))
        assert await code(here.client.auth_test()) == "internal_error"
        assert await code(here.client.auth_test()) == "internal_error"
        await here.client.auth_test()
        order(Fault("auth.test", error="ratelimited", retry_after=9))
        with pytest.raises(SlackApiError, match="ratelimited") as limited:
            await here.client.auth_test()
        answer = limited.value.response
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "9")
        order(Fault("*"))
        here.slack.faults.clear()
        assert here.slack.faults.take("auth.test") is None
        with pytest.raises(ValueError, match="before"):
            Fault("*", drop="later")


async def test_drops_the_connection_before_or_after_the_work():
    """A dropped call has no response; with `after` the message is stored."""
    async with running() as here:
        for drop in ("before", "after"):
            here.slack.faults.order(Fault("chat.postMessage", drop=drop))
            with pytest.raises(aiohttp.ClientError):
                await here.client.chat_postMessage(channel=here.dm, text=drop)
        assert [s.text for s in await here.ada.sees()] == ["after"]
        assert [c.dropped for c in here.slack.calls] == [True, True]
