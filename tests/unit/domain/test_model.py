"""The domain's values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from slackbot.domain.credentials import AccessToken, MagicLink
from slackbot.domain.model import Call, Grant, Source
from slackbot.domain.notices import MatchFound
from tests.harness.fakes import link, match, report

CALL = Call({"MeetingId": "hush-meeting"}, {"JoinToken": "hush-join"})


@pytest.mark.parametrize(
    "value",
    [
        link(token=SecretStr("hush-token")),
        Grant(token=SecretStr("hush-token"), account_id=1, expires_at=None),
        AccessToken(SecretStr("hush-token")),
        MagicLink("hush-key"),
        report(call=CALL),
        match(call=CALL),
        MatchFound(match(call=CALL)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_shows_a_credential(value: object):
    """Neither a token nor a call can reach a log through a value's text."""
    assert "hush" not in f"{value!r} {value}"


def test_only_listed_matches_are_late():
    """A match is late if the socket missed it, and for no other reason."""
    late = {source for source in Source if replace(match(), source=source).late}
    assert late == {Source.LIST}
