"""Chromium with fake cameras and microphones, and the questions a test asks a page."""

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
    "--disable-dev-shm-usage",  # containers have a small one
    "--disable-quic",
    "--use-fake-ui-for-media-stream",  # grants every camera and microphone
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--allow-loopback-in-peer-connection",  # media stays on this machine
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
TIMEOUT = 30.0  # seconds, for steps that take about one on an idle machine
WIDE, NARROW = {"width": 1000, "height": 760}, {"width": 360, "height": 740}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "narrow": {"color_scheme": "light", "viewport": NARROW},
    "narrow-dark": {"color_scheme": "dark", "viewport": NARROW},
}
# Instrumentation is injected, so that the page has no hooks for tests.
_PEERS = """
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...all) { super(...all); window.peers.push(this); }
};
// Short-lived states would be gone before a test asks.
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
    """Media so far: video frames decoded, audio energy received, bytes sent."""

    frames: int
    energy: float
    sent: int


@dataclass
class Tab:
    """One tab in its own browser profile.

    `console_errors` lists errors and warnings, `requested` the URLs of pages, files, requests and
    WebSockets.
    """

    page: Page
    console_errors: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    async def until(self, expression: str, seconds: float = TIMEOUT) -> float:
        """Wait until a JavaScript expression holds; return the seconds it took.

        Playwright's own waiting evaluates text in the page, which the page's policy forbids. While
        a page loads, there is no body to ask about.
        """
        began = time.monotonic()
        while not await self.page.evaluate(f"() => Boolean(document.body && ({expression}))"):
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not in {seconds:g} s: {expression}\n{await self.outline()}")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def outline(self) -> str:
        """Return the page's state and text, for the message of a failure."""
        state = await self.page.evaluate("() => JSON.stringify(document.body.dataset)")
        text = await self.page.evaluate("() => document.body.innerText")
        return f"{state}\n{text}\n" + "\n".join(self.console_errors[-10:])

    async def text(self, selector: str) -> str:
        """Return the text of an element."""
        return await self.page.inner_text(selector)

    async def media(self) -> Media:
        """Return the media statistics."""
        return Media(**await self.page.evaluate(_STATS))

    async def until_media_flows(self, seconds: float = TIMEOUT) -> None:
        """Wait until more video was decoded and more audio received than now.

        After the page has reconnected, its statistics start at zero.
        """
        before, began = await self.media(), time.monotonic()
        while True:
            now = await self.media()
            if now.frames < before.frames:
                before = now
            if now.frames > before.frames + 5 and now.energy > before.energy:
                return
            if time.monotonic() - began > seconds:
                raise AssertionError(f"no media in {seconds:g} s: {before}, then {now}")
            await asyncio.sleep(0.1)

    @property
    def violations(self) -> list[str]:
        """Return the violations of the page's security policy."""
        return [text for text in self.console_errors if "Content Security Policy" in text]


class Browsers:
    """One Chromium in which everybody has their own profile."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._removed: str | None = None

    def remove_from_policy(self, source: str) -> None:
        """Remove `source` from the security policy of every page opened from now on."""
        self._removed = source

    async def profile(self, **options: Any) -> BrowserContext:
        """Return another person's browser profile: no cookies, its own window size and colours."""
        options = {"viewport": WIDE, **options}
        return await self._browser.new_context(**options)

    async def open(
        self,
        url: str,
        *,
        profile: BrowserContext | None = None,
        script: str = "",
        enter: bool = True,
        **options: Any,
    ) -> Tab:
        """Open a URL in a new tab; `script` runs before the page's own.

        With `enter`, press the button of the entrance if the page shows it.
        """
        page = await (profile or await self.profile(**options)).new_page()
        tab = Tab(page)
        if self._removed is not None:
            await page.route("**/call/*", self._reduce_policy)
        await page.add_init_script(_PEERS + script)

        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                tab.console_errors.append(f"{message.text} ({message.location['url']})")

        page.on("console", on_console)
        page.on("request", lambda request: tab.requested.append(request.url))
        page.on("websocket", lambda socket: tab.requested.append(socket.url))
        page.on("pageerror", lambda error: tab.console_errors.append(f"uncaught: {error}"))
        await page.goto(url)
        await page.wait_for_selector("body:not([data-state=loading])")
        if enter and await page.is_visible("#enter"):
            await page.click("#enter")
        return tab

    async def _reduce_policy(self, route: Route) -> None:
        answer = await route.fetch()
        name = "content-security-policy"
        policy = answer.headers[name]
        assert self._removed is not None
        sources = [part for part in policy.split(" ") if not part.startswith(self._removed)]
        assert len(sources) < len(policy.split(" ")), policy
        await route.fulfill(response=answer, headers={**answer.headers, name: " ".join(sources)})


@asynccontextmanager
async def running_browsers(video: Path | None = None) -> AsyncIterator[Browsers]:
    """Run Chromium for the block; its fake camera shows `video` if given."""
    from playwright.async_api import async_playwright

    camera = [] if video is None else [f"--use-file-for-fake-video-capture={video}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, *camera]
        )
        try:
            yield Browsers(browser)
        finally:
            await browser.close()
