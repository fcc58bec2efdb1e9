"""The connect form, and the views that replace it during and after the check."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from slackbot.domain.errors import BadEventLink, EventNotFound, SlackbotError
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.text import Block, plain, plain_text
from slackbot.slack.command import ARGUMENT_LIMIT, Command, Name, SecretTyped, Unknown, parse

CONNECT: Final = "connect"
EVENT: Final = "event"
CREDENTIAL: Final = "credential"
# Codes that only the form leads to, so their sentences in `texts.ERRORS` fit a field.
FIELD_ONLY: Final = ("bad_event_link", "bad_credential", "magic_link_invalid", "magic_link_used")
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """The command to run once connected, kept in the form's `private_metadata`.

    People cannot see it in their client.
    """

    # As typed.
    command: str = ""
    # Where the answer goes, or empty.
    response_url: str = field(default="", repr=False)
    # True if `response_url` belongs to a prompt's button, so that the answer can replace it.
    is_prompt: bool = False

    def dump(self) -> str:
        """Return it as `private_metadata`, which holds 3,000 characters."""
        return json.dumps(asdict(self) | {"command": self.parsed.text})

    @classmethod
    def load(cls, text: str) -> PendingCommand:
        """Read `private_metadata`; anything that we did not write gives no command."""
        try:
            fields = json.loads(text)
            return cls(
                command=str(fields["command"])[: ARGUMENT_LIMIT + 20],
                response_url=str(fields["response_url"]),
                is_prompt=fields["is_prompt"] is True,
            )
        except (ValueError, TypeError, KeyError):
            return cls()

    @property
    def parsed(self) -> Command:
        """The command to run, or the overview if there is none."""
        command = parse(self.command)
        return Command(Name.OVERVIEW) if isinstance(command, Unknown | SecretTyped) else command


def connect_form(
    pending: PendingCommand,
    links: HubLinks,
    *,
    event: str = "",
    credential: str = "",
    linked_to: str = "",
    problem: str = "",
) -> View:
    """Render the form, prefilled with what is known, and with a `problem` on top."""
    draft = Draft()
    if problem:
        draft.say(texts.PROBLEM, problem=problem)
    elif linked_to:
        draft.say(texts.MODAL_LINKED_NOW, event=linked_to)
    blocks = [
        *draft.blocks,
        _input(EVENT, texts.MODAL_EVENT_LABEL, texts.MODAL_EVENT_HINT, event, links.example),
        _input(CREDENTIAL, texts.MODAL_CREDENTIAL_LABEL, texts.MODAL_CREDENTIAL_HINT, credential),
        *Draft().small(texts.CONNECT_SMALL).blocks,
    ]
    return _view(blocks, pending) | {"submit": plain_text(texts.MODAL_SUBMIT)}


def checking(pending: PendingCommand) -> View:
    """Render the view shown while Accelevents checks the credential."""
    return _view(Draft().say(texts.MODAL_CHECKING).blocks, pending)


def connected(pending: PendingCommand, event: str) -> View:
    """Render the view shown at the end, where the form could not simply close."""
    view = _view(Draft().say(texts.MODAL_LINKED, event=event).blocks, pending)
    return view | {"close": plain_text(texts.MODAL_DONE)}


def notice(message: Message) -> View:
    """Render a view that only says something."""
    return {
        "type": "modal",
        "title": plain_text(texts.MODAL_TITLE),
        "close": plain_text(texts.MODAL_DONE),
        "blocks": message.blocks,
    }


def field_error(error: SlackbotError | None, links: HubLinks) -> tuple[str, str]:
    """Return the field (`block_id`) of an error, and its sentence; None is a defect."""
    code = error.code if error is not None else "defect"
    field = EVENT if isinstance(error, BadEventLink | EventNotFound) else CREDENTIAL
    sentences = texts.AT_FIELD | {only: texts.ERRORS[only] for only in FIELD_ONLY}
    # A refusal about a session makes no sense here, so it gets the sentence without a reason.
    sentence = sentences.get(code, texts.AT_FIELD["rejected"])
    return field, plain(sentence, {"example": links.example})


def _view(blocks: list[Block], pending: PendingCommand) -> View:
    return {
        "type": "modal",
        "callback_id": CONNECT,
        "title": plain_text(texts.MODAL_TITLE),
        "close": plain_text(texts.MODAL_CLOSE),
        "private_metadata": pending.dump(),
        "blocks": blocks,
    }


def _input(block_id: str, label: str, hint: str, initial: str, placeholder: str = "") -> Block:
    element: Block = {"type": "plain_text_input", "action_id": block_id, "max_length": 3000}
    if placeholder:
        element["placeholder"] = plain_text(placeholder[:150])
    if initial:
        element["initial_value"] = initial[:3000]
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "hint": plain_text(hint),
        "element": element,
    }
