"""views.*: triggers, stacks, hashes, and Home."""

from slack_harness import Stage, code, modal, plain, refused, section, stage, typed

HOME = {"type": "home", "blocks": [section("Home")]}


def trigger(on: Stage) -> str:
    return on.slack.triggers.mint("T0DEMO", "U0ADA")


async def test_a_trigger_is_good_once_for_three_seconds():
    """views.open spends a trigger; late, again or invented ones are refused."""
    async with stage() as on:
        view, opens = modal(typed("Name", "name")), on.client.views_open
        spent, late = trigger(on), trigger(on)
        opened = await opens(trigger_id=spent, view=view)
        assert opened["view"]["root_view_id"] == opened["view"]["id"]
        assert await code(opens(trigger_id=spent, view=view)) == "exchanged_trigger_id"
        on.slack.clock.advance(3.1)
        assert await code(opens(trigger_id=late, view=view)) == "expired_trigger_id"
        assert await code(opens(trigger_id="1.2.3", view=view)) == "invalid_trigger_id"


async def test_refuses_views():
    """Bad views are invalid_arguments with pointers; too large ones have their own code."""
    async with stage() as on:
        said = await refused(
            on.client.views_open(trigger_id=trigger(on), view=modal(title=plain("t" * 25)))
        )
        assert said["error"] == "invalid_arguments"
        assert any("/view/title" in m for m in said["response_metadata"]["messages"])
        home = {"type": "home", "blocks": [section("é" * 3000)] * 90}
        assert await code(on.client.views_publish(user_id="U0ADA", view=home)) == "view_too_large"
        assert await code(on.client.views_publish(user_id="U404", view=HOME)) == "user_not_found"


async def test_a_stack_of_three():
    """Two views can be pushed on a root, a third cannot, and none on an empty screen."""
    async with stage() as on:
        view, push = modal(section("x")), on.client.views_push
        assert await code(push(trigger_id=trigger(on), view=view)) == "not_found"
        root = (await on.client.views_open(trigger_id=trigger(on), view=view))["view"]
        second = (await push(trigger_id=trigger(on), view=view))["view"]
        assert (second["previous_view_id"], second["root_view_id"]) == (root["id"], root["id"])
        await push(trigger_id=trigger(on), view=view)
        assert await code(push(trigger_id=trigger(on), view=view)) == "push_limit_reached"


async def test_views_are_updated_by_id_and_hash():
    """views.update keeps the id, changes the hash, and refuses what was overtaken."""
    async with stage() as on:
        view, update = modal(section("x"), external_id="form"), on.client.views_update
        first = (await on.client.views_open(trigger_id=trigger(on), view=view))["view"]
        new = modal(section("y"), external_id="form")
        second = (await update(view_id=first["id"], hash=first["hash"], view=new))["view"]
        assert second["id"] == first["id"]
        assert second["hash"] != first["hash"]
        stale = update(view_id=first["id"], hash=first["hash"], view=new)
        assert await code(stale) == "hash_conflict"
        await update(external_id="form", view=view)
        assert [s.text for s in await on.ada.sees(where="modal")] == ["x"]
        assert await code(update(view_id="V404", view=view)) == "not_found"
        again = on.client.views_push(trigger_id=trigger(on), view=view)
        assert await code(again) == "duplicate_external_id"


async def test_publishes_home():
    """Home keeps its id from one publish to the next; a stale hash is refused."""
    async with stage() as on:
        publish = on.client.views_publish
        first = (await publish(user_id="U0ADA", view=HOME))["view"]
        second = (await publish(user_id="U0ADA", view=HOME, hash=first["hash"]))["view"]
        assert second["id"] == first["id"]
        stale = publish(user_id="U0ADA", view=HOME, hash=first["hash"])
        assert await code(stale) == "hash_conflict"
        assert [s.text for s in await on.ada.sees(where="home")] == ["Home"]
        assert await on.priya.sees(where="home") == []


async def test_workspaces_are_apart():
    """Each token reaches its own team only."""
    async with stage() as on:
        other = on.slack.add_workspace("T0OTHER")
        other.add("ada")
        who = await on.client.auth_test(token=other.token)
        assert who["team_id"] == "T0OTHER"
        await on.client.chat_postMessage(channel="U0ADA", text="there", token=other.token)
        assert await on.ada.sees() == []
        assert len(await on.slack.user("ada", team="T0OTHER").sees("there")) == 1
        spent = on.client.views_open(
            trigger_id=trigger(on), view=modal(section("x")), token=other.token
        )
        assert await code(spent) == "invalid_trigger_id"
