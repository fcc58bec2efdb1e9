"""The state of the sandbox's Slack: workspaces, tokens, rate limits, faults and recorded calls."""

from dataclasses import asdict, dataclass, field

from slackbot.sandbox.slack.clock import Changes, Clock
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.faults import Faults
from slackbot.sandbox.slack.interaction_tokens import ResponseUrls, Triggers
from slackbot.sandbox.slack.rate_limits import RateLimits
from slackbot.sandbox.slack.socket_mode import SocketMode
from slackbot.sandbox.slack.workspace import DEFAULT_SCOPES, Workspace

TEAM_ID = "T0DEMO"
BOT_TOKEN = "xoxb-sandbox-000000000000-T0DEMO"
SIGNING_SECRET = "5a6d0b1c9f3e47288b7d60e1c4f2a935"
ANSWER_SECONDS = 3.0


@dataclass(slots=True)
class Call:
    """A Web API call: its arguments without the token, and its outcome."""

    method: str
    at: float  # Unix seconds
    team_id: str | None = None
    args: Json = field(default_factory=dict)
    ok: bool = False
    error: str | None = None
    dropped: bool = False
    ordered: bool = False  # an injected fault decided the outcome, not the request

    def as_json(self) -> Json:
        """Return the fields as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that real Slack ignores or hides without telling the app."""

    what: str
    detail: str = ""


class SlackState:
    """The state behind the Web API, the response_urls and the users.

    It starts with the app installed in workspace T0DEMO, where ada and priya are.
    """

    def __init__(self, *, signing_secret: str = SIGNING_SECRET) -> None:
        self.signing_secret = signing_secret
        self.clock = Clock()
        self.changes = Changes()
        self.triggers = Triggers(self.clock)
        self.response_urls = ResponseUrls(self.clock)
        self.rate_limits = RateLimits(self.clock)
        self.faults = Faults()
        self.socket_mode = SocketMode(self.clock, self.changes, self.problem)
        self.calls: list[Call] = []
        self.problems: list[Problem] = []
        self.workspaces: dict[str, Workspace] = {}
        self.answer_seconds = ANSWER_SECONDS  # for the bot's first response
        self.base_url: str | None = None
        self.bot_url: str | None = None
        demo = self.add_workspace(TEAM_ID, token=BOT_TOKEN)
        demo.add("ada", real_name="Ada Byron")
        demo.add("priya", real_name="Priya Raman", tz="Asia/Kolkata")

    @property
    def workspace(self) -> Workspace:
        """The default workspace."""
        return self.workspaces[TEAM_ID]

    def add_workspace(
        self,
        team_id: str,
        *,
        token: str | None = None,
        name: str = "Demo Workspace",
        scopes: frozenset[str] = DEFAULT_SCOPES,
    ) -> Workspace:
        """Add a workspace with the app installed."""
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
        """Return the workspace of a bot token."""
        return next((w for w in self.workspaces.values() if w.token == token), None)

    def problem(self, what: str, detail: str = "") -> None:
        """Record a problem."""
        self.problems.append(Problem(what, detail))
        self.changes.notify()

    def address(self, path: str) -> str:
        """Return a URL of this Slack.

        Raises:
            RuntimeError: `base_url` is not set, and no request has filled it in.
        """
        if self.base_url is None:
            raise RuntimeError("set slack.base_url to where slack.app is served")
        return self.base_url.rstrip("/") + path
