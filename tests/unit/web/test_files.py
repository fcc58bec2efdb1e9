"""Files by signed link: for one person, for a short time, and without any effect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from itsdangerous import URLSafeSerializer

from slackbot.domain.files import LIFETIMES, File, FileKind, FileRequest
from slackbot.domain.model import Person
from slackbot.domain.stores import StoreUnavailable
from slackbot.services.files import Files, FileSigner
from slackbot.storage.store import SqlStore
from slackbot.web.app import web_app
from slackbot.web.files.routes import FilePage
from tests.harness.fakes import ANA, FakeClock, epoch_of
from tests.harness.services import open_store

PUBLIC = "https://bot.example"
DATA = File("data.json", "application/json", b"{}")
KEY, OLD_KEY = bytes(range(32)), bytes(range(1, 33))
EXPORT = FileRequest(FileKind.EXPORT, ANA, epoch_of(ANA), "all")
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass
class Stage:
    """The file service, with a maker that writes down what it was asked for."""

    store: SqlStore
    clock: FakeClock = field(default_factory=FakeClock)
    asked: list[tuple[Person, str]] = field(default_factory=list)
    file: File | None = DATA
    is_away: bool = False

    def files(self, *keys: bytes, page: str | None = f"{PUBLIC}/files") -> Files:
        """Return the service, which signs with the first of the keys."""
        return Files(
            people=self.store.people,
            clock=self.clock,
            signer=FileSigner(keys or (KEY,)),
            page=page,
            makers={FileKind.EXPORT: self._make},
        )

    async def _make(self, person: Person, subject: str) -> File | None:
        if self.is_away:
            raise StoreUnavailable
        self.asked.append((person, subject))
        return self.file

    def link(self, *keys: bytes) -> str:
        """Return a new link to Ana's file."""
        link = self.files(*keys).link(EXPORT)
        assert link is not None
        return link.url

    async def get(
        self, url: str, method: str = "GET", files: Files | None = None
    ) -> httpx.Response:
        """Ask for a link as a browser does."""
        page = FilePage(files or self.files(), PUBLIC)
        app = web_app(None, dict, files=page.app())
        transport = httpx.ASGITransport(app=app, client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
            return await browser.request(method, url)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_store() as store:
        yield Stage(store)


async def test_a_link_downloads_the_file_of_its_person(stage: Stage):
    """The file is saved under its name, with the exact headers, as often as it is asked for."""
    link = stage.link()
    for method in ("GET", "HEAD", "GET"):
        answer = await stage.get(link, method)
        assert answer.status_code == 200
        assert answer.content == (b"{}" if method == "GET" else b"")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-disposition"] == 'attachment; filename="data.json"'
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "set-cookie" not in answer.headers
    assert set(stage.asked) == {(ANA, "all")}


async def test_a_link_runs_out(stage: Stage):
    """It works until the time that it was said to, and not a second longer."""
    link = stage.files().link(EXPORT)
    assert link is not None
    assert link.expires_at == stage.clock.now() + LIFETIMES[FileKind.EXPORT]
    assert link.url not in repr(link)
    stage.clock.advance(LIFETIMES[FileKind.EXPORT].total_seconds() - 1)
    assert (await stage.get(link.url)).status_code == 200
    stage.clock.advance(1)
    answer = await stage.get(link.url)
    assert (answer.status_code, "run out" in answer.text) == (410, True)


async def test_a_link_dies_with_its_person(stage: Stage):
    """Disconnecting ends their links, also for somebody who connects again at once."""
    link = stage.link()
    await stage.store.people.forget(ANA)
    assert (await stage.get(link)).status_code == 410
    assert stage.asked == []
    stage.file = None
    await stage.store.people.enter(ANA, epoch_of(ANA), stage.clock.now())
    assert (await stage.get(link)).status_code == 410  # nothing to make a file of


async def test_keys_are_rotated(stage: Stage):
    """A link of an earlier key still works; one of a key that was taken away does not."""
    link = stage.link(OLD_KEY)
    assert (await stage.get(link, files=stage.files(KEY, OLD_KEY))).status_code == 200
    assert (await stage.get(link, files=stage.files(KEY))).status_code == 404


async def test_a_changed_link_opens_nothing(stage: Stage):
    """Another person, kind or expiry needs another signature, and so does any changed letter."""
    signed = stage.link().rpartition("/")[2]
    payload, _, signature = signed.rpartition(".")
    forged = URLSafeSerializer(KEY).dumps(["export", ANA.team, "U2", epoch_of(ANA), "", 2**33])
    tried = [forged, f"{forged.rpartition('.')[0]}.{signature}", "x", signed[:-1], "." * 50]
    for place in range(len(signed)):
        other = "B" if signed[place] == "A" else "A"
        tried.append(signed[:place] + other + signed[place + 1 :])
    for token in tried:
        answer = await stage.get(f"/files/{token}")
        assert answer.status_code in {404, 429}, token
    assert payload
    assert stage.asked == []
    assert KEY.hex() not in repr(vars(FileSigner([KEY]))) + repr(FileSigner([KEY]))


async def test_without_a_public_address_there_are_no_links(stage: Stage):
    """Nothing is offered, and the route is not there."""
    assert stage.files(page=None).link(EXPORT) is None
    app = web_app(None, dict)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
        assert (await browser.get(stage.link())).status_code == 404


async def test_a_link_can_be_tried_again(stage: Stage):
    """While the database is away, and when one link is asked for too often."""
    stage.is_away = True
    answer = await stage.get(stage.link())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    stage.is_away = False
    page, link = FilePage(stage.files(), PUBLIC).app(), stage.link()
    transport = httpx.ASGITransport(app=page, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
        path = link.removeprefix(f"{PUBLIC}/files")
        answers = [await browser.get(path) for _ in range(25)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert int(answers[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_files_are_read_only(stage: Stage, method: str):
    """Nothing can be sent to a link."""
    assert (await stage.get(stage.link(), method)).status_code == 405
