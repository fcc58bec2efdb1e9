"""Everything this Slack knows: workspaces, tickets, limits, faults, and what was called."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from slackbot.sandbox.slack.clock import Changes, Clock
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.faults import Faults
from slackbot.sandbox.slack.rates import Rates
from slackbot.sandbox.slack.socket_mode import SocketMode
from slackbot.sandbox.slack.tickets import ResponseUrls, Triggers
from slackbot.sandbox.slack.workspace import DEFAULT_SCOPES, Workspace

TEAM_ID = "T0DEMO"
BOT_TOKEN = "xoxb-sandbox-000000000000-T0DEMO"
SIGNING_SECRET = "5a6d0b1c9f3e47288b7d60e1c4f2a935"
ANSWER_SECONDS = 3.0


@dataclass(slots=True)
class Call:
    """One Web API call: arguments without the token, and how it ended.

    `ordered` where a fault on order decided that, not what was sent.
    """

    method: str
    at: float
    team_id: str | None = None
    args: Json = field(default_factory=dict)
    ok: bool = False
    error: str | None = None
    dropped: bool = False
    ordered: bool = False

    def as_json(self) -> Json:
        """For the list of calls over HTTP."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something real Slack drops or hides without a word to the app; a test wants none."""

    what: str
    detail: str = ""


class World:
    """The state behind the Web API, the response_urls and the people."""

    def __init__(self, *, signing_secret: str = SIGNING_SECRET) -> None:
        self.signing_secret = signing_secret
        self.clock = Clock()
        self.changes = Changes()
        self.triggers = Triggers(self.clock)
        self.response_urls = ResponseUrls(self.clock)
        self.rates = Rates(self.clock)
        self.faults = Faults()
        self.socket_mode = SocketMode(self.clock, self.changes, self.problem)
        self.calls: list[Call] = []
        self.problems: list[Problem] = []
        self.workspaces: dict[str, Workspace] = {}
        self.answer_seconds = ANSWER_SECONDS
        self.base_url: str | None = None
        self.bot_url: str | None = None

    def add_workspace(
        self,
        team_id: str,
        *,
        token: str | None = None,
        name: str = "Demo Workspace",
        scopes: frozenset[str] = DEFAULT_SCOPES,
    ) -> Workspace:
        """Another team with the app installed."""
        workspace = Workspace(
            team_id,
            name,
            token or f"xoxb-sandbox-{len(self.workspaces):012d}-{team_id}",
            self.clock,
            self.changes,
            set(scopes),
        )
        self.workspaces[team_id] = workspace
        return workspace

    def by_token(self, token: str) -> Workspace | None:
        """The workspace this token belongs to."""
        return next((w for w in self._all() if w.token == token), None)

    def _all(self) -> Iterator[Workspace]:
        yield from self.workspaces.values()

    def problem(self, what: str, detail: str = "") -> None:
        """Remember a silent refusal."""
        self.problems.append(Problem(what, detail))
        self.changes.tell()

    def address(self, path: str) -> str:
        """A URL of this Slack; needs `base_url`, which the first request fills in if unset."""
        if self.base_url is None:
            raise RuntimeError("set slack.base_url to where slack.app is served")
        return self.base_url.rstrip("/") + path
