"""People driven over HTTP: `/_sandbox/type`, `/click`, `/submit`, … and what they see."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.person import Person
from slackbot.sandbox.slack.sight import Seen

if TYPE_CHECKING:
    from slackbot.sandbox.slack.server import Slack

Dial = Callable[["Slack", Json], Awaitable[object]]


async def _type(slack: "Slack", given: Json) -> object:
    """`{user, text, channel}`."""
    return (await _person(slack, given).types(given["text"], given.get("channel"))).as_json()


async def _click(slack: "Slack", given: Json) -> object:
    """`{user, button, id}`: the newest thing that has the button, or the one of this id."""
    person = _person(slack, given)
    surface = await _with_button(person, given)
    return (await person.clicks(surface, given["button"])).as_json()


async def _submit(slack: "Slack", given: Json) -> object:
    """`{user, values}`: the top modal."""
    return (await _person(slack, given).submits(None, given.get("values", {}))).as_json()


async def _close(slack: "Slack", given: Json) -> object:
    """`{user}`: the top modal."""
    answer = await _person(slack, given).closes()
    return answer.as_json() if answer else {}


async def _home(slack: "Slack", given: Json) -> object:
    """`{user}`: opens the app's Home."""
    return (await _person(slack, given).opens_home()).as_json()


async def _choose(slack: "Slack", given: Json) -> object:
    """`{user, menu, option, id}`: an option of a menu, in the thing of this id."""
    person = _person(slack, given)
    (surface,) = [s for s in await person.sees() if s.id == given["id"]]
    return (await person.chooses(surface, given["menu"], given["option"])).as_json()


ACTS: dict[str, Dial] = {
    "type": _type,
    "click": _click,
    "choose": _choose,
    "submit": _submit,
    "close": _close,
    "home": _home,
}


async def seen(slack: "Slack", request: Request) -> Response:
    """`GET /_sandbox/seen/{user}?team=…`: everything on their screen."""
    given = {"user": request.path_params["user"], "team": request.query_params.get("team")}
    try:
        person = _person(slack, given)
    except KeyError as missing:
        return JSONResponse({"error": str(missing)}, 404)
    return JSONResponse([thing.as_json() for thing in await person.sees()])


def _person(slack: "Slack", given: Json) -> Person:
    return slack.person(given["user"], team=given.get("team"))


async def _with_button(person: Person, given: Json) -> Seen:
    found = [s for s in await person.sees() if _has_button(s, given)]
    if not found:
        raise CannotDo(f"{given['user']} sees no button {given['button']!r}")
    return max(found, key=lambda thing: thing.changed)


def _has_button(thing: Seen, given: Json) -> bool:
    try:
        thing.button(given["button"])
    except CannotDo:
        return False
    return given.get("id") in {None, thing.id}
