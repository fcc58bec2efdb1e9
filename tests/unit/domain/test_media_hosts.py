"""Credentials of a call reach allowed hosts only, and its telemetry nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import Call
from tests.harness.calls import chime_call

CHIME = MediaHosts.of(["*.chime.aws"])
LOCAL = MediaHosts.of(["127.0.0.1"])
GOOD = "wss://signal.m2.ue1.app.chime.aws/control/1"


def joining_at(address: Any) -> Call:
    return Call({"MediaPlacement": {"SignalingUrl": address}}, {"JoinToken": "j"})


@pytest.mark.parametrize(
    "address",
    [
        GOOD,
        "wss://x.chime.aws",
        "wss://x.chime.aws:443/a?b=c",
        "wss://X.CHIME.AWS/",
    ],
)
def test_a_call_of_an_allowed_host(address: str):
    """An address with TLS at the default port is allowed."""
    assert CHIME.cleaned(joining_at(address)) == joining_at(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "chime.aws", "x.chime.aws/control", None, 7, [GOOD], {"a": GOOD}),
        *("ws://x.chime.aws/", "https://x.chime.aws/", "http://x.chime.aws/", "WSS://x.chime.aws"),
        *("wss://chime.aws/", "wss://xchime.aws/", "wss://chime.aws.evil.example/"),
        *("wss://x.chime.aws.evil.example/", "wss://evil.example/x.chime.aws"),
        *("wss://x.chime.aws@evil.example/", "wss://evil.example\\@x.chime.aws/"),
        *("wss://evil.example\\.chime.aws/", "wss://evil.example#.chime.aws/"),
        *("wss://evil.example?.chime.aws/", "wss://evil.example/\\x.chime.aws"),
        *(
            " wss://x.chime.aws/",
            "wss://x.chime.aws/ ",
            "wss://x.chime.aws/\n",
            "wss:// x.chime.aws",
        ),
        *(
            "wss://evil.example\t.chime.aws/",
            "wss:/x.chime.aws/",
            "wss:x.chime.aws",
            "//x.chime.aws",
        ),
        *("wss://x.chime.aws.", "wss://x.chime.aws:8443/", "wss://x.chime.aws:/"),
        *("wss://evil。chime.aws", "wss://x.ｃhime.aws", "wss://evil%2e.chime.aws"),
        *("ws://127.0.0.1/", "wss://127.0.0.1/", "ws://localhost/", "wss://[::1]/"),
        *("javascript:alert(1)", "wss://u:p@x.chime.aws/"),
    ],
)
def test_no_call_of_any_other(address: Any):
    """Other hosts, no TLS, and spellings that a browser might read differently are refused."""
    assert CHIME.cleaned(joining_at(address)) is None


def test_loopback_only_if_it_is_listed():
    """A listed loopback host is allowed without TLS, at any port: the sandbox needs it."""
    local = joining_at("ws://127.0.0.1:4711/control")
    assert LOCAL.cleaned(local) == local
    assert LOCAL.cleaned(joining_at("wss://127.0.0.1:4711/control")) is not None
    for address in ("ws://localhost:1/", "ws://127.0.0.2/", "ws://127.0.0.1.evil.example/", GOOD):
        assert LOCAL.cleaned(joining_at(address)) is None
    assert CHIME.cleaned(local) is None


SHAPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "bare": lambda meeting: meeting,
    "wrapped": lambda meeting: {"Meeting": meeting},
    "in a list": lambda meeting: {"Meetings": [meeting]},
    "beside the id": lambda meeting: {**meeting, **meeting["MediaPlacement"]},
}
CASES: dict[str, Callable[[str], str]] = {
    "aws": str,
    "lower": str.lower,
    "upper": str.upper,
    "camel": lambda key: key[0].lower() + key[1:],
    "snake": lambda key: "".join(f"_{c.lower()}" if c.isupper() else c for c in key).lstrip("_"),
}


def recased(value: Any, case: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {case(key): recased(inner, case) for key, inner in value.items()}
    return [recased(item, case) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("shape", SHAPES)
def test_telemetry_is_taken_out_in_every_shape(shape: str, case: str):
    """Telemetry goes, wrapped or bare, in any case of its keys; everything else stays."""
    call = chime_call()
    meeting = recased(SHAPES[shape](dict(call.meeting)), CASES[case])
    assert "client-events" in json.dumps(meeting)
    cleaned = CHIME.cleaned(Call(meeting, call.attendee))
    assert cleaned is not None
    assert "ingest" not in json.dumps(cleaned.meeting).lower()
    assert cleaned.attendee == call.attendee
    removed = json.dumps(meeting).count("://") - json.dumps(cleaned.meeting).count("://")
    assert removed == json.dumps(meeting).count("client-events")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["SignalingUrl", "signalingurl", "SIGNALING_URL"])
def test_a_second_address_to_join_at_must_be_allowed_too(shape: str, name: str):
    """The Chime library ignores the case of keys, so every spelling is checked."""
    meeting: Any = SHAPES[shape](dict(chime_call().meeting))
    assert CHIME.cleaned(Call({**meeting, name: "wss://evil.example/"}, {})) is None
    deep = {"MediaPlacement": {"x": [{name: "wss://evil.example/"}]}}
    assert CHIME.cleaned(Call({"a": meeting, **deep}, {})) is None


def test_other_addresses_of_strangers_are_taken_out():
    """Media addresses of other hosts are removed; texts that are not addresses stay."""
    placement = {
        "SignalingUrl": GOOD,
        "AudioHostUrl": "x.k.m2.ue1.app.chime.aws:3478",
        "AudioFallbackUrl": "wss://evil.example/",
        "TurnControlUrl": "https://evil.example/turn",
        "ScreenDataUrl": 7,
        "Note": "https://evil.example/",
    }
    meeting = {"MeetingId": "m", "ExternalMeetingId": "https://hub", "MediaPlacement": placement}
    attendee = {"JoinToken": "a//b://c", "ExternalUserId": "https://id.example/7"}
    cleaned = CHIME.cleaned(Call(meeting, attendee))
    assert cleaned is not None
    assert cleaned.meeting["MediaPlacement"] == {
        "SignalingUrl": GOOD,
        "AudioHostUrl": "x.k.m2.ue1.app.chime.aws:3478",
    }
    assert cleaned.meeting["ExternalMeetingId"] == "https://hub"
    assert cleaned.attendee["ExternalUserId"] == "https://id.example/7"


@pytest.mark.parametrize(
    "names",
    [
        *([], [""], ["*"], ["*.chime.aws; script-src *"], ["'self'"], ["https://x"], ["a b"]),
        *(["a:1"], ["*.*.aws"], ["x.*"], ["é.example"], ["-" * 64]),
    ],
)
def test_a_list_that_is_none(names: list[str]):
    """Nothing that would widen the page's policy is accepted as a host."""
    with pytest.raises(ValueError, match="list of hosts"):
        MediaHosts.of(names)
