"""The connect form and the views that replace it during and after the check."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from slackbot.domain.errors import (
    BadCredential,
    BadEventLink,
    EventNotFound,
    MagicLinkInvalid,
    MagicLinkUsed,
    SlackbotError,
)
from slackbot.domain.ports import Posted
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import new_link_buttons
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.text import Block, Paragraph, Sentence, plain, plain_text
from slackbot.slack.command import ARGUMENT_LIMIT, Command, Name, SecretTyped, Unknown, parse

CONNECT: Final = "connect"
EVENT: Final = "event"
CREDENTIAL: Final = "credential"
# Codes that occur only in the form, so their sentences in `error_texts.ERRORS` fit a form field.
FIELD_ONLY: Final = ("bad_event_link", "bad_credential", "magic_link_invalid", "magic_link_used")
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """The command to run after connecting, which is stored in the form's `private_metadata`.

    Slack clients do not show this metadata.
    """

    # The command as it was typed.
    command: str = ""
    # The URL for the answer, or an empty string.
    response_url: str = field(default="", repr=False)
    # True if `response_url` belongs to the button of a prompt, which the answer can replace.
    is_prompt: bool = False
    # The prompt, if it is a direct message from the bot.
    own_message: Posted | None = None

    def dump(self) -> str:
        """Return the value for `private_metadata`, which is limited to 3,000 characters."""
        return json.dumps(asdict(self) | {"command": self.parsed.text})

    @classmethod
    def load(cls, text: str) -> PendingCommand:
        """Parse `private_metadata`. Return an empty command if the text has an unknown format."""
        try:
            fields = json.loads(text)
            return cls(
                command=str(fields["command"])[: ARGUMENT_LIMIT + 20],
                response_url=str(fields["response_url"]),
                is_prompt=fields["is_prompt"] is True,
                # Missing in forms that earlier versions opened.
                own_message=_posted(fields.get("own_message")),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()

    @property
    def parsed(self) -> Command:
        """The command to run, or the overview if there is none."""
        command = parse(self.command)
        return Command(Name.OVERVIEW) if isinstance(command, Unknown | SecretTyped) else command


def _posted(fields: dict[str, Any] | None) -> Posted | None:
    return Posted(str(fields["channel"]), str(fields["ts"])) if fields else None


def connect_form(
    pending: PendingCommand,
    links: HubLinks,
    *,
    event: str = "",
    credential: str = "",
    linked_to: str = "",
    problem: str = "",
) -> View:
    """Render the form with prefilled values, and with the `problem` at the top."""
    draft = Draft()
    if problem:
        draft.say(texts.PROBLEM, problem=Paragraph(problem))
    elif linked_to:
        draft.say(texts.MODAL_LINKED_NOW, event=linked_to)
    blocks = [
        *draft.blocks,
        _input(EVENT, texts.MODAL_EVENT_LABEL, texts.MODAL_EVENT_HINT, event, links.example),
        _input(CREDENTIAL, texts.MODAL_CREDENTIAL_LABEL, texts.MODAL_CREDENTIAL_HINT, credential),
        *Draft().buttons(*(new_link_buttons(links) if problem else ())).blocks,
        *Draft().small(texts.TOKEN_TOO).small(texts.CONNECT_SMALL).blocks,
    ]
    return _view(blocks, pending) | {"submit": plain_text(texts.MODAL_SUBMIT)}


def checking(pending: PendingCommand) -> View:
    """Render the view that is shown while Accelevents checks the credential."""
    return _view(Draft().say(texts.MODAL_CHECKING).blocks, pending)


def still_checking(pending: PendingCommand) -> View:
    """Render the view that is shown if the check takes longer than a command may."""
    return _view(Draft().say(texts.STILL_ASKING).blocks, pending)


def connected(pending: PendingCommand, event: str) -> View:
    """Render the final view, which is used if the form could not be closed."""
    view = _view(Draft().say(texts.MODAL_LINKED, event=event).blocks, pending)
    return view | {"close": plain_text(texts.MODAL_DONE)}


def notice(message: Message) -> View:
    """Render a view that only contains a message."""
    return {
        "type": "modal",
        "title": plain_text(texts.MODAL_TITLE),
        "close": plain_text(texts.MODAL_DONE),
        "blocks": message.blocks,
    }


def field_error(error: SlackbotError | None, links: HubLinks) -> tuple[str, str]:
    """Return the field (`block_id`) and the sentence for an error. None is an internal error."""
    code = error.code if error is not None else "defect"
    field = EVENT if isinstance(error, BadEventLink | EventNotFound) else CREDENTIAL
    sentences = error_texts.AT_FIELD | {only: error_texts.ERRORS[only] for only in FIELD_ONLY}
    # An error about a session makes no sense here, so use the sentence without a reason.
    sentence = sentences.get(code, error_texts.AT_FIELD["rejected"])
    if isinstance(error, BadEventLink):
        sentence = error_texts.EVENT_PROBLEMS.get(error.problem, sentence)
    elif isinstance(error, BadCredential):
        sentence = error_texts.CREDENTIAL_PROBLEMS.get(error.problem, sentence)
    problem = plain(sentence, {"example": links.example})
    if links.help.text and isinstance(error, MagicLinkInvalid | MagicLinkUsed):
        values = {"problem": Sentence(problem), "organiser": Sentence(links.help.text)}
        problem = plain(texts.ORGANISER_SAYS_AT_FIELD, values)
    return field, problem


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
