"""Sound and pictures of one attendee, by aiortc; the only module that imports it.

What one attendee sends is decoded, and encoded again for the others: simple, and fast enough for
two on one machine. Voices are not mixed: with more than two, each hears whose frame comes first.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from fractions import Fraction

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from slackbot.sandbox.chime import sdp
from slackbot.sandbox.chime.frames import Subscription, Track

_SOUND_RATE = 48_000
_SOUND_SAMPLES = 960  # 20 ms
_SOUNDS_WAITING = 10  # frames that may wait for an ear before the oldest is dropped
_PICTURE_RATE = 90_000
Others = Callable[[], Iterable["Leg"]]


class OfferError(ValueError):
    """This SDP offer cannot be answered."""


def stay_on_this_machine() -> None:
    """Media only over loopback. aioice alone would take every address except that one."""
    aioice.ice.get_host_addresses = lambda **_: ["127.0.0.1"]


class Ear(MediaStreamTrack):
    """What one attendee hears: a frame each 20 ms, silence when nobody says anything."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[AudioFrame] = asyncio.Queue(_SOUNDS_WAITING)
        self._started: float | None = None
        self._samples = 0

    def hear(self, frame: AudioFrame) -> None:
        """Put a frame at the end of what is still to be heard."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> AudioFrame:
        """The next frame, when it is due. Called by aiortc."""
        if self._started is None:
            self._started = time.monotonic()
        due = self._started + self._samples / _SOUND_RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        frame = self._silence() if self._frames.empty() else self._frames.get_nowait()
        frame.pts, frame.time_base = self._samples, Fraction(1, _SOUND_RATE)
        self._samples += frame.samples
        return frame

    @staticmethod
    def _silence() -> AudioFrame:
        frame = AudioFrame(format="s16", layout="stereo", samples=_SOUND_SAMPLES)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = _SOUND_RATE
        return frame


class Screen(MediaStreamTrack):
    """One picture that an attendee sees. It outlives whoever is on it, as they may reconnect."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[VideoFrame] = asyncio.Queue(1)
        self._started = time.monotonic()

    def show(self, frame: VideoFrame) -> None:
        """Show this next; what was not sent by now is overtaken."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> VideoFrame:
        """The next frame, with a time of ours. Called by aiortc."""
        frame = await self._frames.get()
        frame.pts = int((time.monotonic() - self._started) * _PICTURE_RATE)
        frame.time_base = Fraction(1, _PICTURE_RATE)
        return frame


class Leg:
    """One attendee's media connection.

    `stream` is the number of their camera. `sounds` and `pictures` count frames that came from
    them; `others` are the legs that are to have these.
    """

    def __init__(self, stream: int, others: Others) -> None:
        self.sounds = self.pictures = 0
        self._stream = stream
        self._others = others
        self._ear = Ear()
        self._screens: dict[str, Screen] = {}
        self._shown: dict[int, Screen] = {}
        self._listening: list[asyncio.Task[None]] = []
        # One transport from the start: otherwise the third section of a first offer, as a
        # reconnect makes it, never sends. No STUN server: aiortc's default is on the internet.
        self._peer = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._peer.add_listener("track", self._receives)

    async def answer(self, asked: Subscription) -> tuple[str, list[Track]]:
        """Answer an offer. Raises `OfferError`."""
        try:
            return await self._answer(asked)
        except Exception as error:  # aiortc has a dozen ways to say so
            raise OfferError(str(error)) from error

    async def _answer(self, asked: Subscription) -> tuple[str, list[Track]]:
        offered = sdp.sections(asked.offer)
        await self._peer.setRemoteDescription(RTCSessionDescription(asked.offer, "offer"))
        wanted = sdp.streams_by_mid(offered, asked.wanted)
        await self._arrange(offered, wanted)
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        answer = sdp.completed(self._peer.localDescription.sdp, offered)
        return answer, sdp.tracks(answer, wanted)

    async def _arrange(self, offered: Iterable[sdp.Section], wanted: dict[str, int]) -> None:
        transceivers = {t.mid: t for t in self._peer.getTransceivers()}
        for section in offered:
            transceiver = transceivers[section.mid]
            if section.stopped:
                await transceiver.sender.stop()
                self._screens.pop(section.mid, None)
            elif transceiver.sender.track is not None:
                continue
            elif section.kind == "audio":
                transceiver.sender.replaceTrack(self._ear)
                transceiver.direction = "sendrecv"
            elif section.mid in wanted:
                self._screens[section.mid] = screen = Screen()
                transceiver.sender.replaceTrack(screen)
                transceiver.direction = "sendonly"
        self._shown = {s: self._screens[mid] for mid, s in wanted.items() if mid in self._screens}

    def _receives(self, track: MediaStreamTrack) -> None:
        take = self._speak if track.kind == "audio" else self._film
        self._listening.append(asyncio.ensure_future(_drain(track, take)))

    def _speak(self, frame: AudioFrame) -> None:
        self.sounds += 1
        for other in self._others():
            other.hear(frame)

    def _film(self, frame: VideoFrame) -> None:
        self.pictures += 1
        for other in self._others():
            other.see(self._stream, frame)

    def hear(self, frame: AudioFrame) -> None:
        """A frame of somebody's voice."""
        self._ear.hear(frame)

    def see(self, stream: int, frame: VideoFrame) -> None:
        """A frame of a stream; shown if the attendee asked for it."""
        if stream in self._shown:
            self._shown[stream].show(frame)

    async def close(self) -> None:
        """Hang up."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        await self._peer.close()


async def _drain(track: MediaStreamTrack, take: Callable[[object], None]) -> None:
    with contextlib.suppress(MediaStreamError):  # the track has ended
        while True:
            take(await track.recv())
