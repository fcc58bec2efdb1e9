"""The sandbox's media plane at frame level."""

from chime_client import people, running_call, sources
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slackbot.sandbox.chime.frames import DEVICE_TAKEN_OVER, MEETING_ENDED, Kind
from slackbot.sandbox.chime.protobuf import number


async def test_a_token_of_another_meeting_or_of_nobody_is_refused():
    """The connection is closed before any frame."""
    async with running_call() as here:
        elsewhere = here.chime.create_meeting("round-2")
        async with here.connect(here.ada, token="nobody") as client:
            assert await client.closed() == 4403
        async with here.connect(here.ada, meeting=str(elsewhere["MeetingId"])) as client:
            assert await client.closed() == 4403
        assert here.plane.refused == 2
        assert here.plane.meetings == {}


async def test_each_is_announced_to_the_other():
    """Every subscriber is announced to all with their ids, and their camera to the others."""
    async with (
        running_call() as here,
        here.connect(here.ada) as ada,
        here.connect(here.priya) as priya,
    ):
        assert sources(await ada.join()) == []
        await ada.subscribe("offer", camera=True)
        assert sources(await priya.join()) == [101]
        await priya.subscribe("offer", camera=False, wanted=(101,))
        both = people(await ada.receive(Kind.AUDIO_STREAM_ID_INFO, lambda f: len(people(f)) == 2))
        assert [entry[2][0] for entry in both] == [
            here.ada.attendee_id.encode(),
            here.priya.attendee_id.encode(),
        ]
        assert [entry[4][0] for entry in both] == [b"ada", b"priya"]


async def test_a_mute_is_relayed_unless_the_knob_says_otherwise():
    """AUDIO_CONTROL is sent to everybody as the muted flag of its sender."""
    async with (
        running_call() as here,
        here.connect(here.ada) as ada,
        here.connect(here.priya) as priya,
    ):
        for client in (ada, priya):
            await client.join()
            await client.subscribe("offer", camera=False)
        await ada.send(Kind.AUDIO_CONTROL, number(1, 1))
        info = await priya.receive(Kind.AUDIO_STREAM_ID_INFO, lambda f: people(f)[0][3] == [1])
        assert people(info)[1][3] == [0]
        here.plane.knobs.relay_mute = False
        await priya.send(Kind.AUDIO_CONTROL, number(1, 1))
        await priya.send(Kind.PING_PONG, number(1, 1) + number(2, 7))
        assert (await priya.receive(Kind.PING_PONG)).body == {1: [2], 2: [7]}
        assert not here.plane.participant(here.priya).muted


async def test_leaving_and_dropping_are_distinguished():
    """A participant leaves with LEAVE, or is dropped with the connection; both are unlisted."""
    for leaves in (True, False):
        async with running_call() as here, here.connect(here.ada) as ada:
            await ada.join()
            await ada.subscribe("offer", camera=False)
            async with here.connect(here.priya) as priya:
                await priya.join()
                await priya.subscribe("offer", camera=True)
                await ada.receive(Kind.INDEX, lambda f: sources(f) == [102])
                if leaves:
                    await priya.send(Kind.LEAVE)
                    await priya.receive(Kind.LEAVE_ACK)
            info = await ada.receive(Kind.AUDIO_STREAM_ID_INFO, lambda f: 2 not in people(f)[0])
            assert people(info)[0] == {1: [2], 5: [0 if leaves else 1]}
            assert sources(await ada.receive(Kind.INDEX)) == []


async def test_a_second_device_takes_over():
    """The first one is notified and closed; the second has joined."""
    async with (
        running_call() as here,
        here.connect(here.ada) as first,
        here.connect(here.ada) as second,
    ):
        await first.join(session=1)
        await second.join(session=2)
        status = await first.receive(Kind.AUDIO_STATUS)
        assert status.number(1) == DEVICE_TAKEN_OVER
        assert await first.closed() == 1000
        await second.subscribe("offer", camera=False)
        assert here.plane.participant(here.ada).present


async def test_the_same_device_reconnects_silently():
    """A reconnect keeps its audio session: nobody is notified of a replacement."""
    async with running_call() as here, here.connect(here.ada) as first:
        await first.join(session=1)
        await first.subscribe("offer", camera=False)
        connection = here.plane.participant(here.ada).connection
        assert connection is not None
        connection.cut()
        assert await first.closed() == 1006
        async with here.connect(here.ada) as again:
            await again.join(session=1)
            await again.subscribe("offer", camera=False)
            assert [f.kind for f in first.received if f.kind is Kind.AUDIO_STATUS] == []
            assert here.plane.participant(here.ada).received.count("JOIN") == 2


async def test_an_ended_meeting_stays_ended():
    """Everybody is notified and disconnected, and nobody can join afterwards."""
    async with running_call() as here, here.connect(here.ada) as ada:
        await ada.join()
        await here.plane.end(here.ada.meeting_id)
        assert (await ada.receive(Kind.AUDIO_STATUS)).number(1) == MEETING_ENDED
        assert await ada.closed() == 4410
        async with here.connect(here.priya) as late:
            assert await late.closed() == 4410


async def test_junk_closes_only_its_own_connection():
    """An unreadable frame ends the connection it came by, and no other."""
    async with (
        running_call() as here,
        here.connect(here.ada) as ada,
        here.connect(here.priya) as priya,
    ):
        await ada.join()
        await priya.join()
        await priya.connection.send(b"\x05\xff\xff\xff")
        assert await priya.closed() == 4400
        assert len(here.plane.problems) == 1
        await ada.send(Kind.PING_PONG, number(1, 1) + number(2, 1))
        await ada.receive(Kind.PING_PONG)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=60) | st.text(max_size=20), min_size=1, max_size=4))
async def test_no_junk_stops_the_plane(junk: list[bytes | str]):
    """The next client is served after any junk, before or after a JOIN."""
    async with running_call() as here:
        for joined in (False, True):
            async with here.connect(here.ada) as client:
                if joined:
                    await client.join()
                for data in junk:
                    await client.connection.send(data if isinstance(data, str) else b"\x05" + data)
        async with here.connect(here.priya) as following:
            await following.join()
