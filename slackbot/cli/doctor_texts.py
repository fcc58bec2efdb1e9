"""What `slackbot doctor` says of each cause, and what to do about it."""

from __future__ import annotations

from typing import Final

from slackbot.domain.findings import Cause, Finding, Subject

ADDRESS: Final = {
    Subject.DATABASE: "DATABASE_URL",
    Subject.SLACK: "SLACK_API_URL",
    Subject.PLATFORM: "ACCELEVENTS_API_URL",
    Subject.TOKEN: "ACCELEVENTS_API_URL",
    Subject.SOCKET: "ACCELEVENTS_SOCKET_URL",
}
"""The variable that says where it is."""
_CONTRACT: Final = "compare with the network panel of the event's hub in a browser"
_LOOK_CLOSER: Final = "look again with a token: slackbot doctor --as-attendee --event SLUG"

WORDS: Final[dict[Cause, tuple[str, str]]] = {
    Cause.CHECK_BROKE: ("the check itself failed ({kind})", "report it, with this line"),
    Cause.NOT_EXAMINED: ("the rest was not looked at", "put the settings right, then look again"),
    # --- this machine ---
    Cause.SETTINGS_READ: ("all can be read", ""),
    Cause.SETTING_UNUSABLE: ("{variable} {why}", "set it; it is: {meaning}"),
    Cause.KEYS_FIT: ("{count} can be used", ""),
    Cause.KEY_UNUSABLE: (
        "{variable} {why}",
        "put there what slackbot doctor --new-key prints, and keep the good ones after it",
    ),
    Cause.KEY_LOST: (
        "{count} of the keys that sealed what is in the database are missing",
        "add them again at the end of SLACKBOT_SECRET_KEYS, or those people must connect anew",
    ),
    Cause.FILES_ENOUGH: ("limit {limit}, room for {feeds} feeds", ""),
    Cause.FILES_FEW: (
        "limit {limit}, room for {feeds} feeds only",
        "raise the hard limit (ulimit -Hn, LimitNOFILE) before a large event",
    ),
    Cause.FILES_TOO_FEW: (
        "limit {limit}, room for {feeds} feeds only",
        "raise the hard limit (ulimit -Hn, LimitNOFILE) to 4096 or more",
    ),
    # --- the database ---
    Cause.DATABASE_ANSWERS: ("answers", ""),
    Cause.DATABASE_NEW: ("none yet at {path}; slackbot run makes it", ""),
    Cause.DATABASE_FORGETS: (
        "in memory: everything is forgotten at each stop",
        "leave DATABASE_URL empty for a file in SLACKBOT_DATA_DIR",
    ),
    Cause.DATABASE_URL_UNUSABLE: (
        "DATABASE_URL: {why}",
        "leave it empty, or write postgresql+psycopg://user:password@host/name",
    ),
    Cause.FOLDER_UNUSABLE: (
        "nothing can be written into {path} ({why})",
        "let SLACKBOT_DATA_DIR be a folder that the bot's user owns",
    ),
    Cause.FILE_UNUSABLE: (
        "{path} cannot be read and written ({why})",
        "give the file to the bot's user",
    ),
    Cause.NOT_A_DATABASE: (
        "the file is damaged or no SQLite database",
        "put the last backup in its place, or move it away to begin anew",
    ),
    Cause.DELIVERY_BROKEN: (
        "{path} is damaged or no SQLite database",
        "stop the bot and move it away: it is made anew, and nothing is told twice",
    ),
    Cause.PASSWORD_REFUSED: (
        "the server refuses user or password",
        "check both in DATABASE_URL; a password with @ : / in it must be percent-encoded",
    ),
    Cause.DATABASE_UNKNOWN: (
        "the server has no such database or user",
        "create it, or check DATABASE_URL",
    ),
    Cause.DATABASE_FAILED: (
        "it cannot be used ({why})",
        "check DATABASE_URL, and that the server runs",
    ),
    Cause.SCHEMA_NEWEST: ("{current}, the newest", ""),
    Cause.SCHEMA_OLD: (
        "{current} instead of {head}",
        "nothing: slackbot run brings it up to date, as slackbot migrate does",
    ),
    Cause.SCHEMA_TO_MIGRATE: ("{current} instead of {head}", "run slackbot migrate"),
    Cause.SCHEMA_UNKNOWN: (
        "{current} is not known to this version, which ends at {head}",
        "install the version that made it, or go back to a backup",
    ),
    # --- reaching a host ---
    Cause.HOST_UNKNOWN: ("the host's name is not known", "check {address} and this machine's DNS"),
    Cause.CONNECTION_REFUSED: (
        "nothing listens at that host and port (connection refused)",
        "check {address}",
    ),
    Cause.NO_ANSWER: (
        "no answer in time",
        "check {address}, and that no firewall swallows the way there",
    ),
    Cause.CERTIFICATE_UNTRUSTED: (
        "its TLS certificate is not trusted",
        "check {address}; a proxy that opens TLS needs its authority in the system's store",
    ),
    Cause.TLS_FAILED: ("TLS fails", "check {address}: does that port speak HTTPS?"),
    Cause.LINE_CUT: ("the line was cut before an answer", "check {address}, then try again"),
    Cause.WEB_PAGE: (
        "what answers there ({status}) is a web page or the like, no API",
        "check {address}",
    ),
    Cause.REDIRECTS: (
        "it redirects, which is not followed: tokens go to the configured host alone",
        "set {address} to the address behind the redirect",
    ),
    Cause.SERVER_FAILED: ("it fails ({status})", "wait and try again; if it stays, ask its owner"),
    Cause.RATE_LIMITED: ("it limits our rate at the moment ({status})", "try again in a minute"),
    # --- Slack ---
    Cause.SLACK_ACCEPTS: ("the token is {bot}'s in {workspace}", ""),
    Cause.SLACK_REFUSES: (
        "it refuses the token ({error})",
        "set SLACK_BOT_TOKEN to the one on your app's page OAuth & Permissions",
    ),
    Cause.SCOPES_GRANTED: ("{granted}", ""),
    Cause.SCOPES_MISSING: (
        "missing: {missing}",
        "add them on your app's page OAuth & Permissions and install it again",
    ),
    Cause.SCOPES_UNTOLD: (
        "not told",
        "is SLACK_API_URL Slack's own, or a proxy that drops the header x-oauth-scopes?",
    ),
    # --- the platform ---
    Cause.PLATFORM_ANSWERS: ("the API answers", ""),
    Cause.PLATFORM_ASKS_FOR_TOKEN: ("reachable; it asks for a token, as it should", ""),
    Cause.PLATFORM_FORBIDS: ("reachable, but it forbids ({status})", _LOOK_CLOSER),
    Cause.EVENT_UNKNOWN: ("it does not know the event {event}", "check the event's slug"),
    Cause.PATH_UNKNOWN: (
        "it answers {status} where the sessions should be",
        "check that ACCELEVENTS_API_URL is the API's base",
    ),
    Cause.TOKEN_ACCEPTED: ("accepted for {event}, sent {scheme}", ""),
    Cause.TOKEN_REFUSED: (
        "refused for {event}",
        "take a fresh one; if it is fresh, check ACCELEVENTS_AUTH_SCHEME",
    ),
    Cause.TOKEN_UNTRIED: ("could not be tried ({error})", "see the line above on accelevents"),
    # --- the socket ---
    Cause.SOCKET_CONNECTS: ("connects", ""),
    Cause.SOCKET_ASKS_FOR_TOKEN: ("reachable; it asks for a token, as it should", ""),
    Cause.SOCKET_FORBIDS: ("it refuses strangers ({status}); a firewall may too", _LOOK_CLOSER),
    Cause.SOCKET_REFUSES: (
        "it refuses the token",
        f"check ACCELEVENTS_SOCKET_AUTH (how the token travels); {_CONTRACT}",
    ),
    Cause.NO_SOCKET_THERE: (
        "not Socket.IO at that path ({status})",
        f"check ACCELEVENTS_SOCKET_URL and ACCELEVENTS_SOCKET_PATH; {_CONTRACT}",
    ),
    Cause.WEBSOCKET_BLOCKED: (
        "Socket.IO is there, but the WebSocket upgrade does not get through ({status})",
        "let a proxy in between pass WebSocket upgrades",
    ),
    Cause.OLD_ENGINE_IO: (
        "old Engine.IO: the server speaks version 3 (Socket.IO 2), the bot version 4",
        "point ACCELEVENTS_SOCKET_URL at a server of Socket.IO 3 or newer",
    ),
    Cause.CLOSES_AFTER_UPGRADE: (
        "the WebSocket opens and is closed at once",
        "look at the proxy before it: the server behind is down, or limits connections",
    ),
    Cause.SILENT_AFTER_UPGRADE: (
        "the WebSocket opens, but no Engine.IO comes",
        f"check ACCELEVENTS_SOCKET_PATH; {_CONTRACT}",
    ),
    Cause.NOT_ENGINE_IO: (
        "the WebSocket opens, but speaks something other than Engine.IO",
        f"check ACCELEVENTS_SOCKET_PATH; {_CONTRACT}",
    ),
    Cause.NO_CONNECT_ANSWER: (
        "connects but no CONNECT answer",
        f"check ACCELEVENTS_SOCKET_NAMESPACE and ACCELEVENTS_SOCKET_AUTH; {_CONTRACT}",
    ),
    Cause.CLOSES_ON_CONNECT: (
        "connects, and is closed at our CONNECT",
        f"{_LOOK_CLOSER}; after that, check ACCELEVENTS_SOCKET_AUTH (how the token travels)",
    ),
    Cause.NAMESPACE_UNKNOWN: (
        "it has no namespace {namespace}",
        f"check ACCELEVENTS_SOCKET_NAMESPACE; {_CONTRACT}",
    ),
    Cause.HANDSHAKE_ODD: (
        "the handshake is answered with {status}, which Socket.IO does not do",
        f"check ACCELEVENTS_SOCKET_URL and ACCELEVENTS_SOCKET_PATH; {_CONTRACT}",
    ),
    # --- calls ---
    Cause.CALL_PAGE_THERE: ("Join call is offered, and leads to {url}", ""),
    Cause.CALLS_NOT_WANTED: (
        "Join call is not offered, since PUBLIC_URL is empty; people meet in the event hub",
        "",
    ),
    Cause.CALLS_WITHOUT_TLS: (
        "Join call is not offered: browsers give no camera to {url}",
        "set PUBLIC_URL to an https address",
    ),
    Cause.CALL_PAGE_MISSING: (
        "Join call is not offered: this installation has no call page",
        "install the wheel, or build the page with npm (see docs/call.md), or empty PUBLIC_URL",
    ),
}

LONGEST_FACT: Final = 200


def said(finding: Finding) -> tuple[str, str]:
    """What is the case, and what to do (nothing, if empty)."""
    facts = {name: _printable(value) for name, value in finding.facts.items()}
    facts["address"] = ADDRESS.get(finding.subject, "the address")
    case, advice = WORDS[finding.cause]
    return case.format_map(facts), advice.format_map(facts)


def _printable(value: str) -> str:
    """Some facts are foreign, such as a workspace's name: they do not get to steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in value[:LONGEST_FACT])
