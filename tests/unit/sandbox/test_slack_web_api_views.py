"""views.*: triggers, stacks, hashes, and Home."""

from slack_harness import Harness, code, modal, plain, refused, running, section, typed

HOME = {"type": "home", "blocks": [section("Home")]}


def trigger(here: Harness) -> str:
    return here.slack.triggers.mint("T0DEMO", "U0ADA")


async def test_a_trigger_is_good_once_for_three_seconds():
    """views.open uses up a trigger; an expired, used or unknown one is refused."""
    async with running() as here:
        view, opens = modal(typed("Name", "name")), here.client.views_open
        spent, late = trigger(here), trigger(here)
        opened = await opens(trigger_id=spent, view=view)
        assert opened["view"]["root_view_id"] == opened["view"]["id"]
        assert await code(opens(trigger_id=spent, view=view)) == "exchanged_trigger_id"
        here.slack.clock.advance(3.1)
        assert await code(opens(trigger_id=late, view=view)) == "expired_trigger_id"
        assert await code(opens(trigger_id="1.2.3", view=view)) == "invalid_trigger_id"


async def test_refuses_views():
    """An invalid view is refused with JSON pointers, too large a one with its own code."""
    async with running() as here:
        said = await refused(
            here.client.views_open(trigger_id=trigger(here), view=modal(title=plain("t" * 25)))
        )
        assert said["error"] == "invalid_arguments"
        assert any("/view/title" in m for m in said["response_metadata"]["messages"])
        home = {"type": "home", "blocks": [section("é" * 3000)] * 90}
        assert await code(here.client.views_publish(user_id="U0ADA", view=home)) == "view_too_large"
        assert await code(here.client.views_publish(user_id="U404", view=HOME)) == "user_not_found"


async def test_a_stack_of_three():
    """Two views can be pushed onto a root, a third cannot, and none onto an empty screen."""
    async with running() as here:
        view, push = modal(section("x")), here.client.views_push
        assert await code(push(trigger_id=trigger(here), view=view)) == "not_found"
        root = (await here.client.views_open(trigger_id=trigger(here), view=view))["view"]
        second = (await push(trigger_id=trigger(here), view=view))["view"]
        assert (second["previous_view_id"], second["root_view_id"]) == (root["id"], root["id"])
        await push(trigger_id=trigger(here), view=view)
        assert await code(push(trigger_id=trigger(here), view=view)) == "push_limit_reached"


async def test_views_are_updated_by_id_and_hash():
    """views.update keeps the id, changes the hash, and refuses an outdated hash."""
    async with running() as here:
        view, update = modal(section("x"), external_id="form"), here.client.views_update
        first = (await here.client.views_open(trigger_id=trigger(here), view=view))["view"]
        new = modal(section("y"), external_id="form")
        second = (await update(view_id=first["id"], hash=first["hash"], view=new))["view"]
        assert second["id"] == first["id"]
        assert second["hash"] != first["hash"]
        stale = update(view_id=first["id"], hash=first["hash"], view=new)
        assert await code(stale) == "hash_conflict"
        await update(external_id="form", view=view)
        assert [s.text for s in await here.ada.sees(where="modal")] == ["x"]
        assert await code(update(view_id="V404", view=view)) == "not_found"
        again = here.client.views_push(trigger_id=trigger(here), view=view)
        assert await code(again) == "duplicate_external_id"


async def test_publishes_home():
    """Home keeps its id; an outdated hash is refused."""
    async with running() as here:
        publish = here.client.views_publish
        first = (await publish(user_id="U0ADA", view=HOME))["view"]
        second = (await publish(user_id="U0ADA", view=HOME, hash=first["hash"]))["view"]
        assert second["id"] == first["id"]
        stale = publish(user_id="U0ADA", view=HOME, hash=first["hash"])
        assert await code(stale) == "hash_conflict"
        assert [s.text for s in await here.ada.sees(where="home")] == ["Home"]
        assert await here.priya.sees(where="home") == []


async def test_workspaces_are_separate():
    """Each token reaches its own workspace only."""
    async with running() as here:
        other = here.slack.add_workspace("T0OTHER")
        other.add("ada")
        who = await here.client.auth_test(token=other.token)
        assert who["team_id"] == "T0OTHER"
        await here.client.chat_postMessage(channel="U0ADA", text="there", token=other.token)
        assert await here.ada.sees() == []
        assert len(await here.slack.user("ada", team="T0OTHER").sees("there")) == 1
        spent = here.client.views_open(
            trigger_id=trigger(here), view=modal(section("x")), token=other.token
        )
        assert await code(spent) == "invalid_trigger_id"
