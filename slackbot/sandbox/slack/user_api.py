"""Users over HTTP: `/_sandbox/type`, `/click`, `/submit`, … and `/_sandbox/seen/{user}`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.screen import ScreenItem
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.user import User, find_user


class UserApi:
    """Handlers that act as a user; the docstrings give the JSON body."""

    def __init__(self, slack: SlackState) -> None:
        self._slack = slack

    async def types(self, given: Json) -> object:
        """Type a command or a message: `{user, text, channel}`."""
        return (await self._user(given).types(given["text"], given.get("channel"))).as_json()

    async def uses_shortcut(self, given: Json) -> object:
        """Choose a global shortcut: `{user, callback_id}`."""
        return (await self._user(given).uses_shortcut(given["callback_id"])).as_json()

    async def clicks(self, given: Json) -> object:
        """Press a button in the newest item that has it, or in item `id`: `{user, button, id}`."""
        user = self._user(given)
        found = [item for item in await user.sees() if _has_button(item, given)]
        if not found:
            raise CannotDo(f"{given['user']} sees no button {given['button']!r}")
        newest = max(found, key=lambda item: item.changed)
        return (await user.clicks(newest, given["button"])).as_json()

    async def chooses(self, given: Json) -> object:
        """Choose an option of a menu in the item `id`: `{user, menu, option, id}`."""
        user = self._user(given)
        (surface,) = [item for item in await user.sees() if item.id == given["id"]]
        return (await user.chooses(surface, given["menu"], given["option"])).as_json()

    async def submits(self, given: Json) -> object:
        """Submit the top modal: `{user, values}`."""
        return (await self._user(given).submits(None, given.get("values", {}))).as_json()

    async def closes(self, given: Json) -> object:
        """Close the top modal: `{user}`."""
        response = await self._user(given).closes()
        return response.as_json() if response else {}

    async def opens_home(self, given: Json) -> object:
        """Open the app's Home: `{user}`."""
        return (await self._user(given).opens_home()).as_json()

    async def seen(self, request: Request) -> Response:
        """Respond to `GET /_sandbox/seen/{user}?team=…` with everything on the user's screen."""
        given = {"user": request.path_params["user"], "team": request.query_params.get("team")}
        try:
            user = self._user(given)
        except KeyError as missing:
            return JSONResponse({"error": str(missing)}, 404)
        return JSONResponse([item.as_json() for item in await user.sees()])

    def _user(self, given: Json) -> User:
        return find_user(self._slack, given["user"], team=given.get("team"))


def _has_button(item: ScreenItem, given: Json) -> bool:
    try:
        item.button(given["button"])
    except CannotDo:
        return False
    return given.get("id") in {None, item.id}
