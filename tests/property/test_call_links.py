"""A link that is not good gives no pass, however it came to be."""

from __future__ import annotations

import base64
import json
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from slackbot.domain.calls import EntryRefused
from slackbot.domain.model import TeamId
from slackbot.services.call_tokens import LinkSigner
from tests.harness.calls import (
    KEY,
    NAMESAKE,
    OTHER_KEY,
    OURS,
    PUBLIC,
    ROUND,
    CallStage,
    call_stage,
    with_call,
)
from tests.harness.fakes import ANA, BEN

SIGNER = LinkSigner([KEY])
SIGNED = SIGNER.sign(TeamId("T1"), "Zm9yZ2VkLWlkLW5ldmVyLXN0b3JlZA")
ALPHABET = "ABCXYZabcxyz0189-_.=~ /%"
EACH = 250


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=ALPHABET, max_size=200))
def test_no_text_is_a_link(text: str):
    """Whatever is tried is refused as unknown, and nothing else goes wrong."""
    with pytest.raises(EntryRefused, match="unknown"):
        SIGNER.read(text)


def test_every_change_of_a_link_is_noticed():
    """Each character replaced by each other one, taken away or doubled: all are refused."""
    tried = 0
    for place, char in enumerate(SIGNED):
        rest = SIGNED[place + 1 :]
        others = [SIGNED[:place] + other + rest for other in ALPHABET + "Qw" if other != char]
        for changed in [*others, SIGNED[:place] + rest, SIGNED[: place + 1] + char + rest]:
            if changed == SIGNED:
                continue
            tried += 1
            with pytest.raises(EntryRefused):
                SIGNER.read(changed)
    assert tried > 2_000


def test_a_link_says_nothing_and_shows_nothing():
    """It holds the workspace and an id that means nothing; the signer does not show its keys."""
    payload = SIGNED.partition(".")[0]
    held = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert held == ["T1", "Zm9yZ2VkLWlkLW5ldmVyLXN0b3JlZA"]
    ids = {SIGNER.new_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(len(base64.urlsafe_b64decode(one)) * 8 >= 128 for one in ids)
    assert KEY.hex() not in repr(vars(SIGNER)) + repr(SIGNER)


# --- a thousand bad links ------------------------------------------------------------------------


def forged(chance: random.Random, good: str) -> Iterator[str]:
    """Texts that were never given to anybody, from wild to nearly right."""
    payload, stamp, signature = good.split(".")
    strangers = [
        URLSafeTimedSerializer(key, salt=salt)
        for key in (KEY, OTHER_KEY, b"")
        for salt in (b"itsdangerous", b"slackbot: links to calls, 1", b"call-link")
    ]
    while True:
        held = [chance.choice(["T1", "T2"]), secrets.token_urlsafe(18)]
        yield chance.choice(strangers).dumps(held)
        yield URLSafeSerializer(KEY).dumps(held)
        yield f"{payload}.{stamp}.{secrets.token_urlsafe(32)}"
        swapped = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
        yield f"{swapped}.{stamp}.{signature}"
        place = chance.randrange(len(good))
        yield good[:place] + chance.choice("AZaz09-_.") * 2 + good[place + 2 :]
        yield good[:place] or "x"
        yield "".join(chance.choices(ALPHABET.replace("/", "").replace("%", ""), k=60))
        # Signed as by us, but of an id that was never given.
        yield SIGNER.sign(TeamId(held[0]), held[1])


async def bad_links(stage: CallStage) -> AsyncIterator[tuple[str, str]]:
    """As many of each kind: forged, of another installation, replayed, taken back, expired."""
    good = (await stage.offered()).rpartition("/")[2]
    tries = (text for text in forged(random.Random(7), good) if text != good)
    for _ in range(EACH):
        yield "forged", next(tries)
    elsewhere = CallStage(stage.store, stage.page, keys=(OTHER_KEY,))
    for number in range(EACH):
        foreign = with_call((ANA, BEN, NAMESAKE)[number % 3], number + 10)
        yield "foreign", (await elsewhere.offered(foreign)).rpartition("/")[2]
        used = await stage.offered(foreign)
        assert (await stage.asks(used, stage.browser(f"2001:db8:{number:x}::1"))).status_code == 200
        yield "replayed", used.rpartition("/")[2]
        taken_back = await stage.calls.offer(foreign)
        assert taken_back is not None
        await stage.calls.renew(foreign.person, foreign.id)
        yield "replaced", taken_back.rpartition("/")[2]
    over = [await stage.offered() for _ in range(EACH)]
    stage.clock.advance(ROUND.total_seconds() + 60)
    for link in over:
        yield "expired", link.rpartition("/")[2]


async def test_a_thousand_bad_links_give_no_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """1,250 forged, foreign, replayed, replaced and expired links: 0 sessions, no cookie."""
    tried, answers, given = Counter[str](), Counter[str](), 0
    async with call_stage(tmp_path) as stage:
        async for kind, text in bad_links(stage):
            tried[kind] += 1
            browser = stage.browser(f"2001:db8:ffff:{tried.total():x}::1")
            browser.cookies.set("__Secure-call", secrets.token_urlsafe(24), domain="bot.example")
            answer = await browser.post(f"{PUBLIC}/call/{text}/session", headers=OURS)
            given += answer.is_success or "JoinToken" in answer.text
            assert "set-cookie" not in answer.headers
            answers[f"{kind} {answer.status_code} {answer.json()['error']}"] += 1
    with capsys.disabled():
        print(f"\n{tried.total():,} bad links, {given} sessions given: {dict(answers)}")  # noqa: T201
    assert tried == Counter(dict.fromkeys(["forged", "foreign", "replayed", "replaced"], EACH)) + (
        Counter(expired=EACH)
    )
    assert given == 0
    assert {answer.partition(" ")[2] for answer in answers} == {
        *("404 unknown", "409 elsewhere", "410 over", "410 replaced"),
    }
