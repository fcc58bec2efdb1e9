import asyncio

import pytest
import socketio
from accelevents_visit import POLL, visit

REFUSED = socketio.exceptions.ConnectionError


@pytest.mark.parametrize("how", ["cut", "goodbye"])
async def test_sockets_can_be_dropped(how: str):
    """One person's line ends, the other one's stays."""
    async with visit() as here:
        ada, priya = await here.listen("ada"), await here.listen("priya")
        await here.world.drop_sockets("ada", how)
        await asyncio.wait_for(ada.gone.wait(), 10)
        await here.world.disconnected("ada")
        assert [connection.attendee for connection in here.world.sockets] == ["priya"]
        assert not priya.gone.is_set()


async def test_a_restart_cuts_and_refuses_for_a_while():
    """During a restart nobody is connected and nobody gets in; afterwards they do."""
    async with visit() as here:
        ada = await here.listen("ada")
        await here.world.restart_sockets(3600)
        await asyncio.wait_for(ada.gone.wait(), 10)
        with pytest.raises(REFUSED):
            await here.listen("ada")
        assert (await here.http.get(POLL)).status_code == 503
        await here.world.restart_sockets(0)
        await here.listen("ada")


async def test_a_frozen_line_ends_only_by_the_clients_own_watch():
    """A half-open socket hears nothing, pings included, until the client gives it up."""
    async with visit(ping_interval=0.05, ping_timeout=0.05) as here:
        ada = await here.listen("ada")
        here.world.dials.frozen = True
        await here.world.pair("ada", "priya")
        await asyncio.wait_for(ada.gone.wait(), 10)
        assert ada.heard.empty()
        # python-engineio gives the line up without closing its WebSocket.
        await ada.client.eio.ws.close()


async def test_a_match_can_be_sent_again():
    """The same event, so many times more, without a new pairing."""
    async with visit() as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
        await here.world.send_again(3)
        first, *others = [await ada.next() for _ in range(4)]
        assert [first] * 3 == others
        assert len(here.world.pairings) == 1


async def test_the_next_events_can_change_places():
    """Held until there are two, then the second goes first; afterwards all is as before."""
    async with visit() as here:
        ada = await here.listen("ada")
        await here.world.swap(2)
        for number in range(4):
            await here.world.emit("ada", number)
        assert [await ada.next() for _ in range(4)] == [1, 0, 2, 3]


async def test_held_events_are_let_go():
    """Ending the swap early sends what is held."""
    async with visit() as here:
        ada = await here.listen("ada")
        await here.world.swap(3)
        await here.world.emit("ada", "only one")
        await here.world.swap(0)
        assert await ada.next() == "only one"


async def test_sockets_live_at_their_own_path_alone():
    """A WebSocket anywhere else is turned away."""
    async with visit() as here:
        with pytest.raises(REFUSED):
            await here.listen("ada", socketio_path="/elsewhere")
