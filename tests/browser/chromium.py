"""Chromium with cameras and microphones of its own, and what a test asks a page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser.requirements import chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-quic",
    "--use-fake-ui-for-media-stream",  # every question for a camera or a microphone is a yes
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--allow-loopback-in-peer-connection",  # media stays on this machine
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
PATIENCE = 30.0
"""Seconds for what takes one, since cores may be busy with other things."""
WIDE, NARROW = {"width": 1000, "height": 760}, {"width": 360, "height": 740}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "narrow": {"color_scheme": "light", "viewport": NARROW},
    "narrow-dark": {"color_scheme": "dark", "viewport": NARROW},
}
# Statistics are taken from outside, so that the page has no hook for tests.
_PEERS = """
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...all) { super(...all); window.peers.push(this); }
};
// What lasts a moment only would be gone before anybody asks.
window.seen = [];
new MutationObserver((changes) => {
  for (const { target, attributeName: name } of changes)
    window.seen.push(`${name}: ${target.getAttribute(name)}`);
}).observe(document, { subtree: true, attributeFilter: ['data-link', 'data-partner'] });
"""
_STATS = """async () => {
  const found = { frames: 0, energy: 0, sent: 0 };
  for (const peer of window.peers) {
    if (peer.connectionState === 'closed') continue;
    (await peer.getStats()).forEach((s) => {
      if (s.type === 'inbound-rtp' && s.kind === 'video') found.frames += s.framesDecoded ?? 0;
      if (s.type === 'inbound-rtp' && s.kind === 'audio') found.energy += s.totalAudioEnergy ?? 0;
      if (s.type === 'outbound-rtp') found.sent += s.bytesSent ?? 0;
    });
  }
  return found;
}"""
NO_DEVICES = """
navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('refused by the test', 'NotAllowedError');
};
"""
NO_CAMERA_API = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"


@dataclass(frozen=True)
class Media:
    """What has come in so far: frames decoded, energy of sound heard; and bytes sent."""

    frames: int
    energy: float
    sent: int


@dataclass
class Tab:
    """One tab in a browser profile of its own.

    `complaints` is what the console held against it, `requested` where it turned to: pages,
    files, calls of the server, WebSockets.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    async def until(self, expression: str, seconds: float = PATIENCE) -> float:
        """Wait until a JavaScript expression holds; how many seconds that took.

        Playwright's own waiting evaluates text in the page, which the page's policy forbids.
        """
        began = time.monotonic()
        while not await self.page.evaluate(f"() => Boolean({expression})"):
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not in {seconds:g} s: {expression}\n{await self.outline()}")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def outline(self) -> str:
        """What stands on the page, for whoever reads of a failure."""
        state = await self.page.evaluate("() => JSON.stringify(document.body.dataset)")
        text = await self.page.evaluate("() => document.body.innerText")
        return f"{state}\n{text}\n" + "\n".join(self.complaints[-10:])

    async def text(self, selector: str) -> str:
        """The text of an element."""
        return await self.page.inner_text(selector)

    async def media(self) -> Media:
        """What flows."""
        return Media(**await self.page.evaluate(_STATS))

    async def until_media_flows(self, seconds: float = PATIENCE) -> None:
        """Wait until more pictures were decoded than now, and more sound was heard."""
        before, began = await self.media(), time.monotonic()
        while True:
            now = await self.media()
            if now.frames > before.frames + 5 and now.energy > before.energy:
                return
            if time.monotonic() - began > seconds:
                raise AssertionError(f"no media in {seconds:g} s: {before}, then {now}")
            await asyncio.sleep(0.1)

    @property
    def violations(self) -> list[str]:
        """What the page's security policy refused."""
        return [text for text in self.complaints if "Content Security Policy" in text]


class Visitors:
    """One Chromium in which everybody has a profile of their own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._unnamed: str | None = None

    def remove_from_policy(self, source: str) -> None:
        """Let no page opened from now on connect to `source`, as if its server had forgotten it."""
        self._unnamed = source

    async def profile(self, **options: Any) -> BrowserContext:
        """Another person's browser: no cookies, its own window size, colours, and so on."""
        options = {"viewport": WIDE, **options}
        return await self._browser.new_context(**options)

    async def opens(
        self, url: str, *, profile: BrowserContext | None = None, script: str = "", **options: Any
    ) -> Tab:
        """Open an address in a new tab; `script` runs before the page's own."""
        page = await (profile or await self.profile(**options)).new_page()
        tab = Tab(page)
        if self._unnamed is not None:
            await page.route("**/call/*", self._with_less_policy)
        await page.add_init_script(_PEERS + script)

        def complains(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                tab.complaints.append(f"{message.text} ({message.location['url']})")

        page.on("console", complains)
        page.on("request", lambda request: tab.requested.append(request.url))
        page.on("websocket", lambda socket: tab.requested.append(socket.url))
        page.on("pageerror", lambda error: tab.complaints.append(f"uncaught: {error}"))
        await page.goto(url)
        return tab

    async def _with_less_policy(self, route: Route) -> None:
        answer = await route.fetch()
        name = "content-security-policy"
        policy = answer.headers[name]
        assert self._unnamed is not None
        sources = [part for part in policy.split(" ") if not part.startswith(self._unnamed)]
        assert len(sources) < len(policy.split(" ")), policy
        await route.fulfill(response=answer, headers={**answer.headers, name: " ".join(sources)})


@asynccontextmanager
async def visitors(film: Path | None = None) -> AsyncIterator[Visitors]:
    """Start Chromium, whose camera shows `film` if there is one; it ends with the block."""
    from playwright.async_api import async_playwright

    camera = [] if film is None else [f"--use-file-for-fake-video-capture={film}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, *camera]
        )
        try:
            yield Visitors(browser)
        finally:
            await browser.close()
