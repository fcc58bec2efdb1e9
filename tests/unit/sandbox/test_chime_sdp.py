"""SDP offers and answers of the media plane."""

import pytest

from slackbot.sandbox.chime.frames import Track
from slackbot.sandbox.chime.sdp import Section, as_service_answer, sections, streams_by_mid, tracks

HEAD = "v=0\r\na=group:BUNDLE 0 1 11\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendrecv\r\na=msid:x y\r\n"
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendonly\r\na=msid:x z\r\na=ssrc:77 cname:c\r\n"
)
STOPPED = "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:11\r\na=inactive\r\n"
ACCEPTED_AGAIN = STOPPED.replace("video 0", "video 9").replace("inactive", "recvonly")


def test_sections_are_read():
    """Every section has kind and mid, and is marked if the client stopped it."""
    assert sections(HEAD + AUDIO + VIDEO + STOPPED) == [
        Section("audio", "0", stopped=False),
        Section("video", "1", stopped=False),
        Section("video", "11", stopped=True),
    ]


@pytest.mark.parametrize("offer", ["", "junk", HEAD, "m=video 9 x\r\n", "m=video\r\na=mid:1\r\n"])
def test_an_invalid_offer_is_refused(offer: str):
    """No section, or one without kind, port or mid, is an error."""
    with pytest.raises(ValueError, match="section"):
        sections(offer)


def test_an_answer_is_completed():
    """Streams have the names the SDK looks for; a stopped section stays stopped and unbundled."""
    offered = sections(HEAD + AUDIO + VIDEO + STOPPED)
    answer = as_service_answer(HEAD + AUDIO + VIDEO + ACCEPTED_AGAIN, offered)
    assert answer.startswith("v=0\r\na=group:BUNDLE 0 1\r\n")
    assert "a=msid:a_0 y" in answer
    assert "a=msid:v_1 z" in answer
    assert answer.endswith(STOPPED)


def test_streams_are_mapped_to_sections():
    """Wanted streams go to the video sections in order; only one with an SSRC is sent."""
    offered = sections(HEAD + AUDIO + VIDEO + STOPPED)
    wanted = streams_by_mid(offered, (102, 0))
    assert wanted == {"1": 102}
    assert tracks(HEAD + AUDIO + VIDEO, wanted) == [Track(stream=102, ssrc=77, mid="1")]
    assert tracks(HEAD + AUDIO + VIDEO, {"0": 5}) == []
