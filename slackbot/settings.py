"""Settings, read once from the environment and the `.env` file. Secrets are `SecretStr` fields."""

from __future__ import annotations

import re
import string
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from slackbot.domain.addresses import TrustedProxies
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import EventSlug

_PLACEHOLDERS = re.compile(r"(?i)change.?me|your.|example|xxx|placeholder|secret$|<|>")
COMMAND = r"^/[a-z0-9_-]{1,31}$"
_PUBLIC_URL = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~%/-]*)?", re.ASCII)
_HTTP_URL = re.compile(r"https?://[^\s/?#]+[^\s?#]*")


def _proxy_address(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url:
        return value
    if "://" not in url:
        url = f"http://{url}"
    if not re.fullmatch(r"https?://[^\s/?#]+/?", url) or not _has_host(url):
        raise ValueError(
            "is not the http:// or https:// address of a proxy; other kinds do not work"
        )
    return SecretStr(url)


ProxyAddress = Annotated[SecretStr, AfterValidator(_proxy_address)]
Text = Annotated[str, Field(min_length=1)]


class SettingsError(Exception):
    """One or more settings are missing or invalid. Each argument is a line naming a variable."""

    def __str__(self) -> str:
        return "; ".join(self.args)


class Settings(BaseSettings):
    """Settings from environment variables. Fields have the variables' names in lower case."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_file=".env", hide_input_in_errors=True
    )

    slack_bot_token: SecretStr = Field(description="The bot's token, `xoxb-…`.")
    slack_app_token: SecretStr = Field(
        SecretStr(""),
        description="The app-level token, `xapp-…`. With it, the bot uses Socket Mode and needs no "
        "public URL.",
    )
    slack_signing_secret: SecretStr = Field(
        SecretStr(""),
        description="Verifies requests from Slack. Required without `SLACK_APP_TOKEN`.",
    )
    slack_api_url: Text = Field(
        "https://slack.com/api/", description="The base URL of Slack's Web API."
    )
    slack_command: str = Field(
        "/networking",
        pattern=COMMAND,
        description="The slash command. A staging bot in the same workspace needs another one.",
    )
    accelevents_api_url: Text = Field(
        "https://api.accelevents.com", description="The base URL of the Accelevents API."
    )
    accelevents_web_url: Text = Field(
        "https://www.accelevents.com", description="The base URL of the event hub, for links."
    )
    accelevents_session_link: Text = Field(
        "{web}/e/{event}/portal/schedule/{session_id}",
        description="A session's page in the event hub.",
    )
    accelevents_auth_scheme: Literal["auto", "bare", "bearer"] = Field(
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
    accelevents_socket_url: str = Field(
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
    accelevents_timezone: Text = Field("UTC", description="The time zone of the platform's times.")
    accelevents_event_timezones: str = Field(
        "",
        description="Time zones of other events: a comma-separated list of `event=Europe/Berlin`.",
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
    slackbot_secret_keys: SecretStr = Field(
        description="A comma-separated list of base64 keys that encrypt tokens, newest first."
    )
    public_url: str = Field(
        "",
        description="The address at which browsers reach the bot, `https://…`. "
        "*Join call* needs it.",
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
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The lowest level of messages to log."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto` is console in a terminal, otherwise JSON."
    )

    @field_validator("slack_bot_token")
    @classmethod
    def _is_bot_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not token.startswith("xoxb-") or len(token) < 20 or _PLACEHOLDERS.search(token):
            raise ValueError("is not a bot token; it begins with xoxb- and is at your app's page")
        return value

    @field_validator("slack_app_token")
    @classmethod
    def _is_app_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not token:
            return value
        if not token.startswith("xapp-") or len(token) < 20 or _PLACEHOLDERS.search(token):
            raise ValueError("is not an app-level token; it begins with xapp-")
        return value

    @field_validator("slack_signing_secret")
    @classmethod
    def _is_signing_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secret = value.get_secret_value()
        if not secret:
            # An unusable app token has its own error.
            if info.data.get("slack_app_token") == SecretStr(""):
                raise ValueError("is missing (or SLACK_APP_TOKEN, for Socket Mode)")
            return value
        if len(secret) < 32 or len(set(secret)) < 6 or not set(secret) <= set(string.hexdigits):
            raise ValueError("is not a signing secret; it has 32 hexadecimal characters")
        return value

    @field_validator("slack_api_url", "accelevents_api_url", "accelevents_web_url")
    @classmethod
    def _is_url(cls, value: str, info: ValidationInfo) -> str:
        if not _HTTP_URL.fullmatch(value) or not _has_host(value):
            raise ValueError("is not an http(s) address")
        if info.field_name != "accelevents_web_url":  # used only in links, without tokens
            _require_tls(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _is_public_url(cls, value: str) -> str:
        if value and not (_PUBLIC_URL.fullmatch(value) and _has_host(value)):
            raise ValueError("is not an address such as https://bot.example.com")
        return value.rstrip("/")

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

    @field_validator("accelevents_socket_url")
    @classmethod
    def _is_socket_url(cls, value: str) -> str:
        if value and (not re.match(r"(http|ws)s?://\S+$", value) or not _has_host(value)):
            raise ValueError("is not an http(s) or ws(s) address")
        _require_tls(value)
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

    @field_validator("accelevents_timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        time_zone(value)
        return value

    @field_validator("accelevents_event_timezones")
    @classmethod
    def _is_event_zones(cls, value: str) -> str:
        event_time_zones(value)
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


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # unclosed brackets or an invalid port
        return False


def _require_tls(url: str) -> None:
    """Reject a URL without TLS, unless it points to the local machine."""
    parts = urlsplit(url)
    if parts.scheme in {"http", "ws"} and not _is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https: tokens would travel in clear")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _with_fields(template: str, known: set[str]) -> str:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError:
        names = {"?"}
    if not names <= known:
        raise ValueError(f"may hold {', '.join(f'{{{name}}}' for name in sorted(known))} only")
    return template


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone with this name.

    Raises:
        ValueError: there is no such time zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as Europe/Berlin") from None


def event_time_zones(value: str) -> dict[EventSlug, ZoneInfo]:
    """Parse a list of event time zones such as `my-event=Europe/Berlin,other=Asia/Tokyo`.

    Raises:
        ValueError: the value is not such a list.
    """
    zones: dict[EventSlug, ZoneInfo] = {}
    for part in split(value):
        event, equals, zone = (word.strip() for word in part.partition("="))
        if not event or not equals:
            raise ValueError("is not a list such as my-event=Europe/Berlin,other=Asia/Tokyo")
        if event in zones:
            raise ValueError("names an event twice")
        zones[EventSlug(event)] = time_zone(zone)
    return zones


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
