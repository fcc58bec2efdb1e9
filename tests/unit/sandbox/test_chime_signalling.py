"""The sandbox's media plane at the level of frames."""

from chime_phone import exchange, people, sources
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slackbot.sandbox.chime.frames import DEVICE_TAKEN_OVER, MEETING_ENDED, Kind
from slackbot.sandbox.chime.wire import number


async def test_a_token_of_another_meeting_or_of_nobody_is_refused():
    """The line is closed before anything is said."""
    async with exchange() as here:
        elsewhere = here.chime.meeting("round-2")
        async with here.calls(here.ada, token="nobody") as phone:
            assert await phone.closed() == 4403
        async with here.calls(here.ada, meeting=str(elsewhere["MeetingId"])) as phone:
            assert await phone.closed() == 4403
        assert here.plane.refused == 2
        assert here.plane.meetings == {}


async def test_each_is_told_of_the_other():
    """Who subscribes is told to all, with their ids; their camera is offered to the others."""
    async with exchange() as here, here.calls(here.ada) as ada, here.calls(here.priya) as priya:
        assert sources(await ada.joins()) == []
        await ada.subscribes("offer", camera=True)
        assert sources(await priya.joins()) == [101]
        await priya.subscribes("offer", camera=False, wanted=(101,))
        both = people(await ada.hears(Kind.AUDIO_STREAM_ID_INFO, lambda f: len(people(f)) == 2))
        assert [entry[2][0] for entry in both] == [
            here.ada.attendee_id.encode(),
            here.priya.attendee_id.encode(),
        ]
        assert [entry[4][0] for entry in both] == [b"ada", b"priya"]


async def test_a_mute_is_told_unless_the_dial_says_otherwise():
    """AUDIO_CONTROL comes back to everybody as the muted flag of its sender."""
    async with exchange() as here, here.calls(here.ada) as ada, here.calls(here.priya) as priya:
        for phone in (ada, priya):
            await phone.joins()
            await phone.subscribes("offer", camera=False)
        await ada.says(Kind.AUDIO_CONTROL, number(1, 1))
        told = await priya.hears(Kind.AUDIO_STREAM_ID_INFO, lambda f: people(f)[0][3] == [1])
        assert people(told)[1][3] == [0]
        here.plane.dials.relay_mute = False
        await priya.says(Kind.AUDIO_CONTROL, number(1, 1))
        await priya.says(Kind.PING_PONG, number(1, 1) + number(2, 7))
        assert (await priya.hears(Kind.PING_PONG)).body == {1: [2], 2: [7]}
        assert not here.plane.seat(here.priya).muted


async def test_leaving_and_falling_silent_are_told_apart():
    """Who said LEAVE has left, whose line broke was dropped; both are no longer offered."""
    for goodbye in (True, False):
        async with exchange() as here, here.calls(here.ada) as ada:
            await ada.joins()
            await ada.subscribes("offer", camera=False)
            async with here.calls(here.priya) as priya:
                await priya.joins()
                await priya.subscribes("offer", camera=True)
                await ada.hears(Kind.INDEX, lambda f: sources(f) == [102])
                if goodbye:
                    await priya.says(Kind.LEAVE)
                    await priya.hears(Kind.LEAVE_ACK)
            gone = await ada.hears(Kind.AUDIO_STREAM_ID_INFO, lambda f: 2 not in people(f)[0])
            assert people(gone)[0] == {1: [2], 5: [0 if goodbye else 1]}
            assert sources(await ada.hears(Kind.INDEX)) == []


async def test_a_second_device_takes_over():
    """The first one is told so and closed; the second is in."""
    async with exchange() as here, here.calls(here.ada) as first, here.calls(here.ada) as second:
        await first.joins(session=1)
        await second.joins(session=2)
        status = await first.hears(Kind.AUDIO_STATUS)
        assert status.number(1) == DEVICE_TAKEN_OVER
        assert await first.closed() == 1000
        await second.subscribes("offer", camera=False)
        assert here.plane.seat(here.ada).present


async def test_the_same_device_comes_back_without_a_word():
    """A reconnect keeps its audio session: nobody is told that they were replaced."""
    async with exchange() as here, here.calls(here.ada) as first:
        await first.joins(session=1)
        await first.subscribes("offer", camera=False)
        line = here.plane.seat(here.ada).line
        assert line is not None
        line.cut()
        assert await first.closed() == 1006
        async with here.calls(here.ada) as again:
            await again.joins(session=1)
            await again.subscribes("offer", camera=False)
            assert [f.kind for f in first.heard if f.kind is Kind.AUDIO_STATUS] == []
            assert here.plane.seat(here.ada).heard.count("JOIN") == 2


async def test_the_end_of_a_meeting_is_the_end():
    """Everybody is told and closed, and nobody is let in afterwards."""
    async with exchange() as here, here.calls(here.ada) as ada:
        await ada.joins()
        await here.plane.end(here.ada.meeting_id)
        assert (await ada.hears(Kind.AUDIO_STATUS)).number(1) == MEETING_ENDED
        assert await ada.closed() == 4410
        async with here.calls(here.priya) as late:
            assert await late.closed() == 4410


async def test_what_sends_junk_is_closed_and_the_others_stay():
    """A frame that cannot be read ends its own line, and no other."""
    async with exchange() as here, here.calls(here.ada) as ada, here.calls(here.priya) as priya:
        await ada.joins()
        await priya.joins()
        await priya.line.send(b"\x05\xff\xff\xff")
        assert await priya.closed() == 4400
        assert len(here.plane.problems) == 1
        await ada.says(Kind.PING_PONG, number(1, 1) + number(2, 1))
        await ada.hears(Kind.PING_PONG)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=60) | st.text(max_size=20), min_size=1, max_size=4))
async def test_no_junk_stops_the_plane(junk: list[bytes | str]):
    """Whatever is sent, after a JOIN or before it, the next caller is served."""
    async with exchange() as here:
        for joined in (False, True):
            async with here.calls(here.ada) as phone:
                if joined:
                    await phone.joins()
                for data in junk:
                    await phone.line.send(data if isinstance(data, str) else b"\x05" + data)
        async with here.calls(here.priya) as next_one:
            await next_one.joins()
