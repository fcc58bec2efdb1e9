"""Untrusted names and titles show as they are: they mention no one and link nowhere."""

from __future__ import annotations

import pytest

from slackbot.domain.text import clean
from slackbot.sandbox.accelevents.event import Track
from slackbot.sandbox.slack import ScreenItem, User
from slackbot.slack import texts

from .conftest import Mission

SESSION = 11645
NASTY = "<!channel> <https://x.example|click> *_~`"
TEXTS = {
    "markup": NASTY,
    "people": "<@U0ADA> <!subteam^S1> <#C0GENERAL> @here @everyone",
    "addresses": "https://evil.example/a www.evil.example mailto:a@evil.example",
    "entities": "&lt;!here&gt; &amp;lt; &",
    "date": "<!date^1700000000^{date}^https://evil.example|soon>",
    "braces": "{title} {0} {} %s ${x} \\n",
    "quotes": "> quoted ```code``` ~~~ 'x' \"y\"",
    "names": "Zoë Müller-O’Neill 李小龙 محمد 👩🏽‍💻",
}
UNSEEN = "A\u202eB\u200bC\x00D\nE\u2028F\tG"
UNSEEN_SHOWN = "ABCD E F G"
LONG = "x" * 10_000


def visible(text: str) -> str:
    """Return the text without zero-width characters."""
    return text.translate(str.maketrans("", "", "\u200b\u200d"))


def shows(seen: ScreenItem, text: str) -> None:
    """Check that the message and its notification show these characters."""
    assert visible(text) in visible(seen.text)
    if seen.notification:
        assert visible(text) in visible(seen.notification)


async def harmless(person: User) -> None:
    """Check that nothing on the screen mentions, or links to anything but the event hub."""
    for seen in await person.sees():
        assert seen.mentions == set()
        assert all(link.startswith("https://www.accelevents.com/e/demo/") for link in seen.links)


async def full_tour(mission: Mission, text: str, expected: str) -> None:
    """Show every message that holds untrusted text."""
    platform, ada = mission.platform, await mission.link("ada")
    for seen in (
        await mission.ask(ada, "/networking sessions"),
        await mission.ask(ada, "/networking join 11645"),
        await mission.ask(ada, "/networking join 11647"),
        await mission.ask(ada, "/networking available 11645"),
        await mission.ask(ada, "/networking status"),
        await mission.ask(ada, "/networking"),
    ):
        shows(seen, expected)
        await harmless(ada)
    await platform.pair("ada", "stranger")
    match = await ada.waits_for("You're matched with", where="dm")
    assert visible(match.text).count(visible(expected)) >= 3  # name, role, session
    shows(match, expected)
    answered = await mission.ask(ada, "/networking available 11645")
    shows(answered, expected)
    await platform.restart_sockets(60)
    await platform.disconnected("ada")
    await platform.pair("ada", "other")
    await mission.ask(ada, "/networking pause")
    late = await ada.waits_for("You were matched while I was offline", where="dm")
    shows(late, expected)
    history = await mission.ask(ada, "/networking matches")
    shows(history, expected)
    await ada.opens_home()
    home = await ada.waits_for("Live now", where="home")
    shows(home, expected)
    await harmless(ada)


def fill(mission: Mission, text: str) -> None:
    """Put the text into every field of the platform."""
    mission.slack.rate_limits.enabled = False
    for key in ("stranger", "other"):
        mission.platform.add_attendee(key, text, title=text, company=text, profile_image=text)
    for number in (SESSION, 11647):
        session = mission.platform.session(number)
        session.title = session.location = session.description = text
        session.track = Track(1, text, "#000000", 1.0)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_hostile_text_is_shown_as_it_is(mission: Mission, text: str) -> None:
    """Every message of the mission shows it unchanged, and it does nothing."""
    fill(mission, text)
    await full_tour(mission, text, text)


async def test_invisible_characters_are_removed(mission: Mission) -> None:
    """Control, zero-width and bidirectional characters do not reach the screen."""
    fill(mission, UNSEEN)
    await full_tour(mission, UNSEEN, UNSEEN_SHOWN)


async def test_long_text_is_cut(mission: Mission) -> None:
    """Ten thousand characters break no message; each place shows the start."""
    fill(mission, LONG)
    await full_tour(mission, LONG, "x" * 100)


async def test_a_picture_is_an_https_address_or_none(mission: Mission) -> None:
    """A hostile picture does not break the card."""
    mission.slack.rate_limits.enabled = False
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    pictures = [
        "javascript:alert(1)",
        "http://x.example/a.png",
        "https://x.example/<!channel>.png",
        "https://x.example/a b|c.png",
        "https://" + "x" * 4000,
        "https://user:pass@x.example/a.png",
        "https://images.example/ok.png",
    ]
    for number, picture in enumerate(pictures):
        mission.platform.add_attendee(f"p{number}", f"Partner {number}", profile_image=picture)
        await mission.platform.pair("ada", f"p{number}")
        seen = await ada.waits_for(f"Partner {number}", where="dm")
        shown_at = [b["accessory"]["image_url"] for b in seen.blocks if "accessory" in b]
        assert all(url.startswith("https://") for url in shown_at)
    await harmless(ada)


TYPED = {name: text for name, text in TEXTS.items() if name != "date"}  # looks like a secret


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED)
async def test_typed_text_is_repeated_harmlessly(mission: Mission, text: str) -> None:
    """The prompt, the unknown word and an empty search repeat what was meant."""
    ada, meant = mission.ada, clean(text)
    first = meant.split(maxsplit=1)[0]
    prompt = await mission.ask(ada, f"/networking join {text}")
    shows(prompt, f"/networking join {meant}")
    unknown = await mission.ask(ada, f"/networking {text}")
    shows(unknown, first)
    await ada.clicks(prompt, texts.BUTTON_CONNECT)
    form = await ada.waits_for("Event link", where="modal")
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    await ada.waits_for("You're connected to demo", where="#general")
    nothing = await mission.ask(ada, f"/networking available {text}")
    shows(nothing, first)
    await harmless(ada)


async def test_hostile_titles_in_a_choice(mission: Mission) -> None:
    """Each session of a choice shows its own title, and its button works."""
    ada = await mission.link("ada")
    for number in (SESSION, 11646):
        mission.platform.session(number).title = f"Meet {NASTY} {number}"
    seen = await mission.ask(ada, "/networking join meet")
    shows(seen, f"Meet {NASTY} {SESSION}")
    shows(seen, f"Meet {NASTY} 11646")
    await harmless(ada)
    await ada.clicks(seen, "join:11646")
    await ada.waits_for(f"You've joined Meet {NASTY} 11646", where="#general")
