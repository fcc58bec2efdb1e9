"""The connect form, and what stands in its place while it is checked and when it is done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from slackbot.domain.errors import BadEventLink, EventNotFound, SlackbotError
from slackbot.slack import texts as words
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Draft
from slackbot.slack.blocks.text import Block, plain
from slackbot.slack.command import ARGUMENT_LIMIT, Command, Name, SecretTyped, Unknown, parse

CONNECT: Final = "connect"
EVENT: Final = "event"
CREDENTIAL: Final = "credential"
FIELD_ONLY: Final = ("bad_event_link", "bad_credential", "magic_link_invalid", "magic_link_used")
"""Codes that only the form comes to, so that their sentences in `words.ERRORS` fit a field."""
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """What the form is for; travels in its `private_metadata`, which the client cannot see."""

    command: str = ""
    """What was typed before, as text: carried out once linked."""
    response_url: str = field(default="", repr=False)
    """Where the prompt can be replaced; empty when there is none."""
    is_prompt: bool = False
    """Whether `response_url` belongs to a prompt's button, so that replacing works."""

    def dump(self) -> str:
        """As `private_metadata`, which holds 3,000 characters; only what will be carried out."""
        return json.dumps(asdict(self) | {"command": self.parsed.text})

    @classmethod
    def load(cls, text: str) -> PendingCommand:
        """Read it back; whatever is not ours counts as no errand."""
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
        """The command to carry out; the overview when there is none."""
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
    """The form, filled in where something is known; with a `problem` told on top."""
    draft = Draft()
    if problem:
        draft.say(words.PROBLEM, problem=problem)
    elif linked_to:
        draft.say(words.MODAL_LINKED_NOW, event=linked_to)
    blocks = [
        *draft.blocks,
        _input(
            EVENT,
            words.MODAL_EVENT_LABEL,
            words.MODAL_EVENT_HINT,
            placeholder=links.example,
            initial=event,
        ),
        _input(
            CREDENTIAL,
            words.MODAL_CREDENTIAL_LABEL,
            words.MODAL_CREDENTIAL_HINT,
            initial=credential,
        ),
        *Draft().small(words.CONNECT_SMALL).blocks,
    ]
    return _view(blocks, pending) | {"submit": _plain(words.MODAL_SUBMIT)}


def checking(pending: PendingCommand) -> View:
    """Stands while Accelevents takes its time."""
    return _view(Draft().say(words.MODAL_CHECKING).blocks, pending)


def connected(pending: PendingCommand, event: str) -> View:
    """Stands at the end when the form could not simply close."""
    view = _view(Draft().say(words.MODAL_LINKED, event=event).blocks, pending)
    return view | {"close": _plain(words.MODAL_DONE)}


def field_error(error: SlackbotError | None, links: HubLinks) -> tuple[str, str]:
    """The field (`block_id`) that an error belongs to, and its sentence; None is a defect."""
    code = error.code if error is not None else "defect"
    field = EVENT if isinstance(error, BadEventLink | EventNotFound) else CREDENTIAL
    sentences = words.AT_FIELD | {only: words.ERRORS[only] for only in FIELD_ONLY}
    # A refusal about a session makes no sense here, so it is told as one without a reason.
    sentence = sentences.get(code, words.AT_FIELD["rejected"])
    return field, plain(sentence, {"example": links.example})


def _view(blocks: list[Block], pending: PendingCommand) -> View:
    return {
        "type": "modal",
        "callback_id": CONNECT,
        "title": _plain(words.MODAL_TITLE),
        "close": _plain(words.MODAL_CLOSE),
        "private_metadata": pending.dump(),
        "blocks": blocks,
    }


def _input(
    block_id: str, label: str, hint: str, *, placeholder: str = "", initial: str = ""
) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": block_id, "max_length": 3000}
    if placeholder:
        element["placeholder"] = _plain(placeholder[:150])
    if initial:
        element["initial_value"] = initial[:3000]
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label),
        "hint": _plain(hint),
        "element": element,
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
