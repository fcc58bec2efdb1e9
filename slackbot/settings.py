"""Settings, read once from the environment and the `.env` file. Secrets are `SecretStr` fields."""

from __future__ import annotations

import difflib
import re
import string
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
)

from slackbot.domain.addresses import TrustedProxies
from slackbot.domain.media_hosts import MediaHosts
from slackbot.setting_types import (
    AnyCase,
    AppToken,
    BotToken,
    EventNames,
    EventZones,
    HelpUrl,
    HttpUrl,
    ProxyAddress,
    PublicUrl,
    SecretKeys,
    SigningSecret,
    SlackUsers,
    SocketUrl,
    Text,
    TlsUrl,
    Zone,
)

COMMAND = r"^/[a-z0-9_-]{1,31}$"
ENV_FILE: Final = ".env"
# Prefixes of the bot's own variables. Other programs' variables have other names.
_OUR_PREFIXES: Final = ("slackbot_", "accelevents_", "slack_")
# Similarity, from 0 to 1, from which on a name is taken for a misspelt one.
_SIMILAR: Final = 0.6


class SettingsError(Exception):
    """One or more settings are missing or invalid. Each argument is a line naming a variable."""

    def __str__(self) -> str:
        return "; ".join(self.args)


class Settings(BaseSettings):
    """Settings from environment variables. Fields have the variables' names in lower case."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_file=ENV_FILE, hide_input_in_errors=True
    )

    slack_bot_token: BotToken = Field(description="The bot's token, `xoxb-…`.")
    slack_app_token: AppToken = Field(
        SecretStr(""),
        description="The app-level token, `xapp-…`. With it, the bot uses Socket Mode and needs no "
        "public URL.",
    )
    slack_signing_secret: SigningSecret = Field(
        SecretStr(""),
        description="Verifies requests from Slack. Required without `SLACK_APP_TOKEN`.",
    )
    slack_api_url: TlsUrl = Field(
        "https://slack.com/api/", description="The base URL of Slack's Web API."
    )
    slack_command: str = Field(
        "/networking",
        pattern=COMMAND,
        description="The slash command. A staging bot in the same workspace needs another one.",
    )
    allow_guests: bool = Field(
        False,
        description="Whether guests of the workspace can connect and be matched. People of other "
        "workspaces never can.",
    )
    contact_swap: Annotated[Literal["on", "off"], AnyCase] = Field(
        "off",
        description="Whether two people who met can swap contacts in Slack, if both say yes. The "
        "app then needs the scope `mpim:write` (`slackbot manifest --contact-swap`).",
    )
    report_to: SlackUsers = Field(
        "",
        description="A comma-separated list of the Slack user ids of those who get reports of "
        "people. Without it, nobody can be reported.",
    )
    accelevents_api_url: TlsUrl = Field(
        "https://api.accelevents.com", description="The base URL of the Accelevents API."
    )
    accelevents_web_url: HttpUrl = Field(
        "https://www.accelevents.com", description="The base URL of the event hub, for links."
    )
    accelevents_session_link: Text = Field(
        "{web}/e/{event}/portal/schedule/{session_id}",
        description="A session's page in the event hub.",
    )
    accelevents_auth_scheme: Annotated[Literal["auto", "bare", "bearer"], AnyCase] = Field(
        "auto",
        description="The form of the `Authorization` header. `auto` tries bare and then Bearer "
        "when somebody connects, and remembers the result.",
    )
    accelevents_status_request: Text = Field(
        "PUT /rest/events/{event}/user-session/{session_id}/status",
        description="The method and path of the status change. `?status=…` is appended.",
    )
    accelevents_matches_request: Text = Field(
        "GET /rest/events/{event}/user-session/{session_id}/matches",
        description="The method and path of the match list.",
    )
    accelevents_socket_url: SocketUrl = Field(
        "", description="The Socket.IO server, by default the API's host."
    )
    accelevents_socket_path: Text = Field("/socket.io", description="The Socket.IO path.")
    accelevents_socket_namespace: Text = Field("/", description="The Socket.IO namespace.")
    accelevents_socket_auth: Text = Field(
        "auth,header",
        description="How the token is sent: `auth` (payload), `header` or `query`, or "
        "several of them.",
    )
    accelevents_socket_hello: str = Field(
        "",
        description="An event to emit after connecting: `name`, or `name {json}` with the "
        "placeholders `{event}` and `{session_id}`.",
    )
    accelevents_socket_events: Text = Field(
        "*", description="The events that contain matches. `*` tries all events."
    )
    accelevents_event: str = Field("", description="The event slug that the connect form suggests.")
    accelevents_event_names: EventNames = Field(
        "",
        description="Names of events, which Slack shows instead of their slugs: a list of "
        "`event=Name`, separated by semicolons.",
    )
    organiser_help_text: str = Field(
        "", max_length=200, description="The organiser's words on how to get a new magic link."
    )
    organiser_help_url: HelpUrl = Field("", description="The page or address of *Get a new link*.")
    accelevents_timezone: Zone = Field("UTC", description="The time zone of the platform's times.")
    accelevents_event_timezones: EventZones = Field(
        "",
        description="Time zones of other events: a comma-separated list of `event=Europe/Berlin`.",
    )
    accelevents_round_minutes: int = Field(
        0,
        ge=0,
        le=120,
        description="The length of a round whose match does not say it. 0 means not known: the "
        "message then has no end of the round, and five minutes are assumed.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="`postgresql+psycopg://user:password@host/name`, or by default a SQLite file "
        "in the data directory.",
    )
    database_direct_url: SecretStr = Field(
        SecretStr(""),
        description="The same database without a pooler such as PgBouncer in transaction mode, "
        "for `migrate` and LISTEN. `DATABASE_URL` by default.",
    )
    slackbot_data_dir: Text = Field("./var", description="The directory of the SQLite file.")
    slackbot_secret_keys: SecretKeys = Field(
        description="A comma-separated list of base64 keys that encrypt tokens, newest first."
    )
    retention_days: int = Field(
        90,
        ge=2,
        le=3650,
        description="How long matches, links to calls and what is stored about messages are kept, "
        "and a login that nobody uses. In days.",
    )
    public_url: PublicUrl = Field(
        "",
        description="The address at which browsers reach the bot, `https://…`. "
        "*Join call* and downloads need it.",
    )
    call_media_hosts: Text = Field(
        "*.chime.aws",
        description="A comma-separated list of the hosts of calls. No other host gets a "
        "credential.",
    )
    host: Text = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(
        3000, ge=0, le=65535, description="The port to listen on. 0 selects a free one."
    )
    https_proxy: ProxyAddress = Field(
        SecretStr(""),
        validation_alias=AliasChoices("https_proxy", "all_proxy"),
        description="The proxy for https requests to Slack and Accelevents, "
        "`http://user:password@host:port`.",
    )
    http_proxy: ProxyAddress = Field(
        SecretStr(""),
        validation_alias=AliasChoices("http_proxy", "all_proxy"),
        description="The proxy for http requests.",
    )
    no_proxy: str = Field(
        "", description="A comma-separated list of hosts and domains to reach without a proxy."
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        # uvicorn's name for this setting, which earlier versions used.
        validation_alias=AliasChoices("trusted_proxies", "forwarded_allow_ips"),
        description="A comma-separated list of the addresses and networks of reverse proxies. "
        "`X-Forwarded-For` is ignored from any other address.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="The port of `/metrics` at the same address. 0 disables it."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info", description="The lowest level of messages to log."
    )
    log_format: Annotated[Literal["auto", "console", "json"], AnyCase] = Field(
        "auto", description="`auto` is console in a terminal, otherwise JSON."
    )

    @field_validator("slack_signing_secret")
    @classmethod
    def _has_a_way_in(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        # An unusable app token has its own error.
        no_app_token = info.data.get("slack_app_token") == SecretStr("")
        if no_app_token and not value.get_secret_value():
            raise ValueError("is missing (or SLACK_APP_TOKEN, for Socket Mode)")
        return value

    @field_validator("call_media_hosts")
    @classmethod
    def _is_media_hosts(cls, value: str) -> str:
        MediaHosts.of(split(value))
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _is_trusted_proxies(cls, value: str) -> str:
        TrustedProxies.of(split(value))
        return value

    @field_validator("accelevents_status_request", "accelevents_matches_request")
    @classmethod
    def _is_request(cls, value: str) -> str:
        if not re.fullmatch(r"(GET|POST|PUT|PATCH) /\S*\{session_id\}\S*", value):
            raise ValueError("is not like `PUT /path/{event}/{session_id}`")
        return _with_fields(value, {"event", "session_id"})

    @field_validator("accelevents_session_link")
    @classmethod
    def _is_link(cls, value: str) -> str:
        return _with_fields(value, {"web", "event", "session_id"})

    @field_validator("accelevents_socket_auth")
    @classmethod
    def _is_socket_auth(cls, value: str) -> str:
        if not set(split(value)) or not set(split(value)) <= {"auth", "header", "query"}:
            raise ValueError("is not a list of auth, header, query")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _stripped(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """Return the database URL, which defaults to a SQLite file in the data folder."""
        folder = self.slackbot_data_dir.rstrip("/")
        return self.database_url.get_secret_value() or f"sqlite:///{folder}/slackbot.db"


def _with_fields(template: str, known: set[str]) -> str:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError:
        names = {"?"}
    if not names <= known:
        raise ValueError(f"may hold {', '.join(f'{{{name}}}' for name in sorted(known))} only")
    return template


def split(value: str) -> tuple[str, ...]:
    """Split a comma-separated list, stripping whitespace and dropping empty items."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def read_settings() -> Settings:
    """Read the settings from the environment and the `.env` file.

    Raises:
        SettingsError: a variable is missing or malformed. The error has one line for each such
            variable and never contains its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_input=False, include_url=False):
            name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
            why = "is missing" if problem["type"] == "missing" else problem["msg"]
            problems.append(f"{name}: {why.removeprefix('Value error, ')}")
        raise SettingsError(*problems) from None
    except (OSError, UnicodeError):
        raise SettingsError(".env: cannot be read as a file of UTF-8 text") from None


@dataclass(frozen=True, slots=True)
class UnknownSetting:
    """A variable that looks like one of the bot's, but is none. `nearest` may be empty."""

    name: str
    nearest: str

    def __str__(self) -> str:
        meant = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"{self.name}: is no setting{meant}"


def unknown_settings() -> list[UnknownSetting]:
    """Return the variables of the environment and the `.env` file that are probably misspelt."""
    try:
        given = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    except (OSError, UnicodeError):
        return []  # `read_settings` reports an unreadable file
    known = [name.upper() for name in Settings.model_fields]
    unknown = []
    for name in sorted(name.upper() for name in given if name.lower().startswith(_OUR_PREFIXES)):
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=_SIMILAR)
            unknown.append(UnknownSetting(name, "".join(nearest)))
    return unknown
