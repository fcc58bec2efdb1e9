"""Feeds of the whole bot among bad peers: all come back, none twice, and no match is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from slackbot.sandbox.serving import serving
from tests.scenario.conftest import LogLines, Start

from .crowd import Crowd, quick_platform
from .peers import WORDS, Peer, proxied
from .sizes import SIZE, figure, only_in_full

BAD = [peer for peer in Peer if peer is not Peer.GOOD]
AT_THE_DOOR = [peer for peer in BAD if peer is not Peer.HALF_OPEN]


def words(log_lines: LogLines) -> Counter[str]:
    """By what words feeds went down."""
    return Counter(line["reason"] for line in log_lines if line["event"] == "feed_down")


async def test_a_server_that_restarts_again_and_again(start: Start, log_lines: LogLines) -> None:
    """Each time all feeds are back, one each; matches made meanwhile are sent once each."""
    platform = quick_platform()
    async with serving(platform.app) as url:
        port = int(url.rsplit(":", 1)[1])
        mission = await start(platform, accelevents_socket_url=url)
        crowd = Crowd(mission)
        await crowd.gather(SIZE.feeds)
        crowd.lose_connections()
    for number in range(SIZE.restarts):
        await crowd.meet(slice(None, None, 2))
        await asyncio.sleep(0.2 * (number % 3))
        async with serving(platform.app, port=port):
            await crowd.meet(slice(1, None, 2))
            await crowd.all_back(f"restart {number + 1}")
            if number == SIZE.restarts - 1:
                await crowd.check_told_once()
                await crowd.check_listening()
            crowd.lose_connections()
    assert set(words(log_lines)) <= {"closed", "unreachable"}


async def among(peers: Sequence[Peer], start: Start, log_lines: LogLines) -> Counter[str]:
    """A crowd's feeds meet these peers, then a good one; by what words they went down."""
    platform = quick_platform()
    async with serving(platform.app) as url, proxied(url) as proxy:
        mission = await start(platform, accelevents_socket_url=proxy.url)
        crowd = Crowd(mission)
        await crowd.gather(SIZE.feeds)
        log_lines.clear()
        crowd.lose_connections()
        proxy.turn(*peers)
        await crowd.meet()
        await asyncio.sleep(SIZE.peer_seconds)
        await crowd.meet()
        proxy.turn(Peer.GOOD)
        await crowd.all_back(" and ".join(peer.name for peer in peers))
        await crowd.meet()
        await crowd.check_told_once()
        await crowd.check_listening()
        assert crowd.one_each()
        failures = words(log_lines)
        figure(f"words: {dict(failures)}")
        return failures


async def test_all_kinds_of_bad_peers_at_once(start: Start, log_lines: LogLines) -> None:
    """Whatever each feed meets at the door, all come back, and every kind had its word."""
    failures = await among(AT_THE_DOOR, start, log_lines)
    assert set(failures) == {WORDS[peer] for peer in AT_THE_DOOR}


async def test_half_open_connections(start: Start, log_lines: LogLines) -> None:
    """Connections on which every packet is lost are closed and replaced."""
    failures = await among([Peer.HALF_OPEN], start, log_lines)
    assert set(failures) <= {"closed", "timeout"}


@only_in_full
@pytest.mark.parametrize("peer", AT_THE_DOOR, ids=lambda peer: peer.name.lower())
async def test_each_kind_of_bad_peer(start: Start, log_lines: LogLines, peer: Peer) -> None:
    """Three seconds of one kind of trouble for all feeds together."""
    failures = await among([peer], start, log_lines) - Counter({"closed": SIZE.feeds})
    # This platform's quick pings end a handshake without an answer before its time-out does.
    same = {"closed"} if peer is Peer.NO_CONNECT_ANSWER else set()
    assert failures
    assert set(failures) <= {WORDS[peer]} | same
