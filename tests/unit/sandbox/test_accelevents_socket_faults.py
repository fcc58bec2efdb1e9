import asyncio

import pytest
import socketio
from accelevents_harness import POLL, running

REFUSED = socketio.exceptions.ConnectionError


@pytest.mark.parametrize("how", ["cut", "goodbye"])
async def test_sockets_can_be_dropped(how: str):
    """One person's connection ends, the other one's stays."""
    async with running() as here:
        ada, priya = await here.listen("ada"), await here.listen("priya")
        await here.platform.drop_sockets("ada", how)
        await asyncio.wait_for(ada.gone.wait(), 10)
        await here.platform.disconnected("ada")
        assert [connection.attendee for connection in here.platform.sockets] == ["priya"]
        assert not priya.gone.is_set()


async def test_a_restart_cuts_and_refuses_for_a_while():
    """Nobody is connected or can connect during a restart; afterwards they can."""
    async with running() as here:
        ada = await here.listen("ada")
        await here.platform.restart_sockets(3600)
        await asyncio.wait_for(ada.gone.wait(), 10)
        with pytest.raises(REFUSED):
            await here.listen("ada")
        assert (await here.http.get(POLL)).status_code == 503
        await here.platform.restart_sockets(0)
        await here.listen("ada")


async def test_a_frozen_socket_ends_only_by_the_clients_timeout():
    """A half-open socket receives nothing, pings included, until the client gives up."""
    async with running(ping_interval=0.05, ping_timeout=0.05) as here:
        ada = await here.listen("ada")
        here.platform.knobs.frozen = True
        await here.platform.pair("ada", "priya")
        await asyncio.wait_for(ada.gone.wait(), 10)
        assert ada.events.empty()
        # python-engineio gives up without closing its WebSocket.
        await ada.client.eio.ws.close()


async def test_a_match_can_be_sent_again():
    """The same event, the given number of times more, without a new pairing."""
    async with running() as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        await here.platform.send_again(3)
        first, *others = [await ada.next() for _ in range(4)]
        assert [first] * 3 == others
        assert len(here.platform.pairings) == 1


async def test_the_next_events_can_be_swapped():
    """Events are held until there are two, then the second goes first; later ones are not held."""
    async with running() as here:
        ada = await here.listen("ada")
        await here.platform.swap(2)
        for number in range(4):
            await here.platform.emit("ada", number)
        assert [await ada.next() for _ in range(4)] == [1, 0, 2, 3]


async def test_held_events_are_released():
    """Ending the swap early sends the events held."""
    async with running() as here:
        ada = await here.listen("ada")
        await here.platform.swap(3)
        await here.platform.emit("ada", "only one")
        await here.platform.swap(0)
        assert await ada.next() == "only one"


async def test_sockets_are_served_at_their_own_path_only():
    """A WebSocket at any other path is refused."""
    async with running() as here:
        with pytest.raises(REFUSED):
            await here.listen("ada", socketio_path="/elsewhere")
