"""Audio and video of one participant, by aiortc; the only module that imports it.

Media is decoded and encoded again for the others: simple, and fast enough for two on one machine.
Audio is not mixed: with more than two, everybody hears whichever frame comes first.
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

_AUDIO_RATE = 48_000  # samples per second
_AUDIO_SAMPLES = 960  # samples per frame, 20 ms
_AUDIO_QUEUE = 10  # frames that may wait before the oldest is dropped
_VIDEO_RATE = 90_000  # time base, ticks per second
Others = Callable[[], Iterable["WebRtcLeg"]]


class OfferError(ValueError):
    """An SDP offer that cannot be answered."""


def use_loopback_only() -> None:
    """Restrict media to loopback; by default aioice uses every address except that one."""
    aioice.ice.get_host_addresses = lambda **_: ["127.0.0.1"]


class OutgoingAudio(MediaStreamTrack):
    """The audio sent to one participant: a frame every 20 ms, silence if none is queued."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[AudioFrame] = asyncio.Queue(_AUDIO_QUEUE)
        self._started: float | None = None
        self._samples = 0

    def put(self, frame: AudioFrame) -> None:
        """Queue a frame."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> AudioFrame:
        """Return the next frame when it is due. Called by aiortc."""
        if self._started is None:
            self._started = time.monotonic()
        due = self._started + self._samples / _AUDIO_RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        frame = self._silence() if self._frames.empty() else self._frames.get_nowait()
        frame.pts, frame.time_base = self._samples, Fraction(1, _AUDIO_RATE)
        self._samples += frame.samples
        return frame

    @staticmethod
    def _silence() -> AudioFrame:
        frame = AudioFrame(format="s16", layout="stereo", samples=_AUDIO_SAMPLES)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = _AUDIO_RATE
        return frame


class OutgoingVideo(MediaStreamTrack):
    """One video sent to a participant; it survives a reconnect of the person it shows."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[VideoFrame] = asyncio.Queue(1)
        self._started = time.monotonic()

    def put(self, frame: VideoFrame) -> None:
        """Send this frame next, in place of one not yet sent."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> VideoFrame:
        """Return the next frame with a timestamp of this track. Called by aiortc."""
        frame = await self._frames.get()
        frame.pts = int((time.monotonic() - self._started) * _VIDEO_RATE)
        frame.time_base = Fraction(1, _VIDEO_RATE)
        return frame


class WebRtcLeg:
    """One participant's media connection.

    `stream` is the id of their video. The counters are of frames received from them, which are
    forwarded to `others`.
    """

    def __init__(self, stream: int, others: Others) -> None:
        self.audio_frames = self.video_frames = 0
        self._stream = stream
        self._others = others
        self._audio = OutgoingAudio()
        self._videos: dict[str, OutgoingVideo] = {}  # by mid
        self._wanted: dict[int, OutgoingVideo] = {}  # by stream
        self._readers: list[asyncio.Task[None]] = []
        # One transport from the start: otherwise the third section of a first offer, as sent
        # after a reconnect, never sends. No STUN server: aiortc's default is on the internet.
        self._peer = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._peer.add_listener("track", self._on_track)

    async def answer(self, request: Subscription) -> tuple[str, list[Track]]:
        """Return the answer to an offer. Raise `OfferError` if it cannot be answered."""
        try:
            return await self._answer(request)
        except Exception as error:  # aiortc raises many different types
            raise OfferError(str(error)) from error

    async def _answer(self, request: Subscription) -> tuple[str, list[Track]]:
        offered = sdp.sections(request.offer)
        await self._peer.setRemoteDescription(RTCSessionDescription(request.offer, "offer"))
        wanted = sdp.streams_by_mid(offered, request.wanted)
        await self._attach_tracks(offered, wanted)
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        answer = sdp.as_service_answer(self._peer.localDescription.sdp, offered)
        return answer, sdp.tracks(answer, wanted)

    async def _attach_tracks(self, offered: Iterable[sdp.Section], wanted: dict[str, int]) -> None:
        transceivers = {t.mid: t for t in self._peer.getTransceivers()}
        for section in offered:
            transceiver = transceivers[section.mid]
            if section.stopped:
                await transceiver.sender.stop()
                self._videos.pop(section.mid, None)
            elif transceiver.sender.track is not None:
                continue
            elif section.kind == "audio":
                transceiver.sender.replaceTrack(self._audio)
                transceiver.direction = "sendrecv"
            elif section.mid in wanted:
                self._videos[section.mid] = video = OutgoingVideo()
                transceiver.sender.replaceTrack(video)
                transceiver.direction = "sendonly"
        self._wanted = {s: self._videos[mid] for mid, s in wanted.items() if mid in self._videos}

    def _on_track(self, track: MediaStreamTrack) -> None:
        forward = self._forward_audio if track.kind == "audio" else self._forward_video
        self._readers.append(asyncio.ensure_future(_drain(track, forward)))

    def _forward_audio(self, frame: AudioFrame) -> None:
        self.audio_frames += 1
        for other in self._others():
            other.send_audio(frame)

    def _forward_video(self, frame: VideoFrame) -> None:
        self.video_frames += 1
        for other in self._others():
            other.send_video(self._stream, frame)

    def send_audio(self, frame: AudioFrame) -> None:
        """Send the participant a frame of somebody's audio."""
        self._audio.put(frame)

    def send_video(self, stream: int, frame: VideoFrame) -> None:
        """Send the participant a frame of a video stream, if they subscribed to it."""
        if stream in self._wanted:
            self._wanted[stream].put(frame)

    async def close(self) -> None:
        """Hang up."""
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self._peer.close()


async def _drain(track: MediaStreamTrack, forward: Callable[[object], None]) -> None:
    with contextlib.suppress(MediaStreamError):  # the track has ended
        while True:
            forward(await track.recv())
