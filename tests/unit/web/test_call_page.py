"""The page: the same for everybody, safe to request, with exact headers."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from slackbot.domain.findings import Grade
from slackbot.domain.media_hosts import MediaHosts
from slackbot.web.call.checks import check_call_page
from tests.harness.calls import OURS, PUBLIC, CallStage, built_page, call_stage

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self' https://*.chime.aws wss://*.chime.aws; "
        "media-src 'self' blob: mediastream:; worker-src blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": (
        "camera=(self), microphone=(self), speaker-selection=(self), display-capture=(), "
        "geolocation=()"
    ),
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
CRAWLERS = ("Slackbot-LinkExpanding 1.0", "curl/8", "Mozilla/5.0")


async def test_a_get_changes_and_reveals_nothing(stage: CallStage):
    """GET and HEAD by anybody, a hundred times: the same page, no cookie, the link unused."""
    link = await stage.offered()
    before = await stage.rows()
    bodies = set()
    for agent in CRAWLERS * 17:
        for method in ("GET", "HEAD"):
            answer = await stage.browser().request(method, link, headers={"User-Agent": agent})
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
            bodies.add(answer.content)
    bodies.discard(b"")
    assert bodies == {(stage.page / "call.html").read_bytes()}
    assert await stage.rows() == before
    assert (await stage.asks(link)).status_code == 200


async def test_the_page_is_the_same_for_every_link(stage: CallStage):
    """Valid, used, replaced, forged: the page does not show which."""
    good, old = await stage.offered(), await stage.offered()
    await stage.asks(old)
    answers = []
    for link in (good, old, good[:-1], f"{PUBLIC}/call/x", f"{PUBLIC}/call/{'%F0%9F' * 99}"):
        answer = await stage.browser().get(link)
        answers.append((answer.status_code, answer.content, sorted(answer.headers.items())))
    assert len({repr(answer) for answer in answers}) == 1
    assert answers[0][0] == 200
    assert good.rpartition("/")[2].encode() not in answers[0][1]


async def test_every_answer_has_the_exact_headers(stage: CallStage):
    """The page, the credentials, errors, missing files and wrong methods alike."""
    link = await stage.offered()
    asked = [
        await stage.browser().get(link),
        await stage.browser().head(link),
        await stage.asks(link),
        await stage.asks(link),
        await stage.asks(f"{PUBLIC}/call/forged"),
        await stage.browser().post(f"{link}/session"),
        await stage.browser().get(f"{link}/session"),
        await stage.browser().get(f"{link}/"),
        await stage.browser().get(f"{PUBLIC}/call/static/missing.js"),
    ]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 409, 404, 403, 405, 404, 404]
    for answer in asked:
        shown = {name: value for name, value in answer.headers.items() if name in HEADERS}
        assert shown == HEADERS
        assert "location" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_gives_credentials(stage: CallStage, method: str):
    """Any other method on the session or the state is refused, and leaves the link unused."""
    link = await stage.offered()
    for target in ("session", "state"):
        answer = await stage.browser().request(method, f"{link}/{target}", headers=OURS)
        assert answer.status_code == 405
    assert (await stage.asks(link)).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_the_page_is_read_only(stage: CallStage, method: str):
    """Nothing can be sent to the page's own address."""
    answer = await stage.browser().request(method, await stage.offered(), headers=OURS)
    assert answer.status_code == 405


async def test_hashed_files_may_be_cached(stage: CallStage):
    """The files of the folder, for a year, with their types, compressed where accepted."""
    types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
    for ending, media_type in types.items():
        name = f"call.0a1b2c3d4e5f.{ending}"
        for coding, read in (("gzip", True), ("identity", False)):
            answer = await stage.browser().get(
                f"{PUBLIC}/call/static/{name}", headers={"Accept-Encoding": coding}
            )
            assert answer.status_code == 200
            assert answer.content == (stage.page / name).read_bytes()
            assert ("content-encoding" in answer.headers) is read
            assert answer.headers["content-type"] == media_type
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["vary"] == "Accept-Encoding"
            assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


async def test_files_without_a_hash_are_not_cached(stage: CallStage):
    """The licences change with the next version, under the same name."""
    answer = await stage.browser().get(f"{PUBLIC}/call/static/call.licences.txt")
    assert (answer.status_code, answer.text) == (200, "Apache-2.0")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["", "call.html", "other.js", "../call.html", "..%2fcall.html", "%2e%2e/x", "sub"]
)
async def test_nothing_else_is_served(stage: CallStage, tmp_path: Path, name: str):
    """No other file, no folder, no later file, and never the page as an immutable file."""
    (tmp_path / "other.js").write_text("new")
    (tmp_path / "sub").mkdir(exist_ok=True)
    answer = await stage.browser().get(f"{PUBLIC}/call/static/{name}")
    assert answer.status_code == 404 or answer.content == (stage.page / "call.html").read_bytes()
    assert "immutable" not in answer.headers["cache-control"]


async def test_the_same_folder_is_the_same_bytes(stage: CallStage):
    """The compressed file holds no time."""
    routes = CallStage(stage.store, stage.page)
    name = f"{PUBLIC}/call/static/call.0a1b2c3d4e5f.js"
    first, second = [await one.browser().get(name) for one in (stage, routes)]
    assert gzip.decompress(gzip.compress(first.content)) == second.content


async def test_loopback_media_hosts_are_in_the_policy(tmp_path: Path):
    """For a call on loopback the page may connect there without TLS, at any port."""
    hosts = MediaHosts.of(["127.0.0.1", "*.chime.aws"])
    async with call_stage(tmp_path, hosts=hosts) as stage:
        policy = (await stage.browser().get(f"{PUBLIC}/call/x")).headers["content-security-policy"]
        sources = "'self' http://127.0.0.1:* ws://127.0.0.1:* https://*.chime.aws wss://*.chime.aws"
        assert f"connect-src {sources};" in policy


@pytest.mark.parametrize(
    ("url", "built", "code", "grade"),
    [
        ("https://bot.example", True, "call_page_there", Grade.OK),
        ("http://127.0.0.1:3000", True, "call_page_there", Grade.OK),
        ("http://localhost", True, "call_page_there", Grade.OK),
        ("", True, "calls_not_wanted", Grade.OK),
        ("", False, "calls_not_wanted", Grade.OK),
        ("http://bot.example", True, "calls_without_tls", Grade.WARNING),
        ("http://127.0.0.1.example", True, "calls_without_tls", Grade.WARNING),
        ("https://bot.example", False, "call_page_missing", Grade.WARNING),
    ],
)
def test_why_there_is_no_page(tmp_path: Path, url: str, built: bool, code: str, grade: Grade):
    """It needs an address that browsers trust, and to be built."""
    if built:
        built_page(tmp_path)
    finding = check_call_page(url, tmp_path)
    assert (finding.code, finding.grade) == (code, grade)
