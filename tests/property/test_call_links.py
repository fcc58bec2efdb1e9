"""Links to calls: an invalid one gives no credentials."""

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
from tests.harness.sizes import share

SIGNER = LinkSigner([KEY])
SIGNED = SIGNER.sign(TeamId("T1"), "Zm9yZ2VkLWlkLW5ldmVyLXN0b3JlZA")
ALPHABET = "ABCXYZabcxyz0189-_.=~ /%"
EACH = share(250)  # links of each kind


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=ALPHABET, max_size=200))
def test_random_text_is_no_link(text: str):
    """Any text is refused as unknown, without any other error."""
    with pytest.raises(EntryRefused, match="unknown"):
        SIGNER.read(text)


def test_a_changed_link_is_refused():
    """Each character replaced by any other, removed or doubled: every link is refused."""
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


def test_a_link_reveals_nothing():
    """A link holds the workspace and a random id; the signer's repr holds no key."""
    payload = SIGNED.partition(".")[0]
    held = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert held == ["T1", "Zm9yZ2VkLWlkLW5ldmVyLXN0b3JlZA"]
    ids = {SIGNER.new_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(len(base64.urlsafe_b64decode(link_id)) * 8 >= 128 for link_id in ids)
    assert KEY.hex() not in repr(vars(SIGNER)) + repr(SIGNER)


# --- a thousand invalid links --------------------------------------------------------------------


def forged(rng: random.Random, valid: str) -> Iterator[str]:
    """Yield links that were never issued, from random text to nearly valid."""
    payload, stamp, signature = valid.split(".")
    serializers = [
        URLSafeTimedSerializer(key, salt=salt)
        for key in (KEY, OTHER_KEY, b"")
        for salt in (b"itsdangerous", b"slackbot: links to calls, 1", b"call-link")
    ]
    while True:
        held = [rng.choice(["T1", "T2"]), secrets.token_urlsafe(18)]
        yield rng.choice(serializers).dumps(held)
        yield URLSafeSerializer(KEY).dumps(held)
        yield f"{payload}.{stamp}.{secrets.token_urlsafe(32)}"
        swapped = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
        yield f"{swapped}.{stamp}.{signature}"
        place = rng.randrange(len(valid))
        yield valid[:place] + rng.choice("AZaz09-_.") * 2 + valid[place + 2 :]
        yield valid[:place] or "x"
        yield "".join(rng.choices(ALPHABET.replace("/", "").replace("%", ""), k=60))
        # Signed with our key, but the id was never issued.
        yield SIGNER.sign(TeamId(held[0]), held[1])


async def invalid_links(stage: CallStage) -> AsyncIterator[tuple[str, str]]:
    """Yield kind and token of `EACH` links: forged, foreign, replayed, replaced and expired."""
    valid = (await stage.offered()).rpartition("/")[2]
    tokens = (token for token in forged(random.Random(7), valid) if token != valid)
    for _ in range(EACH):
        yield "forged", next(tokens)
    elsewhere = CallStage(stage.store, stage.page, keys=(OTHER_KEY,))
    for number in range(EACH):
        foreign = with_call((ANA, BEN, NAMESAKE)[number % 3], number + 10)
        yield "foreign", (await elsewhere.offered(foreign)).rpartition("/")[2]
        used = await stage.offered(foreign)
        assert (await stage.asks(used, stage.browser(f"2001:db8:{number:x}::1"))).status_code == 200
        yield "replayed", used.rpartition("/")[2]
        replaced = await stage.calls.offer(foreign)
        assert replaced is not None
        await stage.calls.renew(foreign.person, foreign.id)
        yield "replaced", replaced.rpartition("/")[2]
    over = [await stage.offered() for _ in range(EACH)]
    stage.clock.advance(ROUND.total_seconds() + 60)
    for link in over:
        yield "expired", link.rpartition("/")[2]


async def test_invalid_links_give_no_credentials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Of forged, foreign, replayed, replaced and expired links none gets in."""
    tried, answers, given = Counter[str](), Counter[str](), 0
    async with call_stage(tmp_path) as stage:
        async for kind, token in invalid_links(stage):
            tried[kind] += 1
            browser = stage.browser(f"2001:db8:ffff:{tried.total():x}::1")
            browser.cookies.set("__Secure-call", secrets.token_urlsafe(24), domain="bot.example")
            answer = await browser.post(f"{PUBLIC}/call/{token}/session", headers=OURS)
            given += answer.is_success or "JoinToken" in answer.text
            assert "set-cookie" not in answer.headers
            answers[f"{kind} {answer.status_code} {answer.json()['error']}"] += 1
    with capsys.disabled():
        print(f"\n{tried.total():,} invalid links, {given} sessions given: {dict(answers)}")  # noqa: T201
    assert tried == Counter(dict.fromkeys(["forged", "foreign", "replayed", "replaced"], EACH)) + (
        Counter(expired=EACH)
    )
    assert given == 0
    assert {answer.partition(" ")[2] for answer in answers} == {
        *("404 unknown", "409 elsewhere", "410 over", "410 replaced"),
    }
