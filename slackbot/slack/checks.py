"""Check the bot token and its scopes with `auth.test`, and the app-level token."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slackbot.aio.outgoing import Proxies
from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.findings import Finding, Subject
from slackbot.slack.client import RedirectRefused, read_error, slack_session, web_client
from slackbot.slack.installations import granted_scopes, is_org_wide
from slackbot.slack.manifest import OPTIONAL_SCOPES, scopes

# For each token, the finding code if it is rejected, the setting, and the page that shows it.
_TOKENS: Final = {
    Subject.SLACK: ("slack_refuses", "SLACK_BOT_TOKEN", "OAuth & Permissions"),
    Subject.APP_TOKEN: ("app_token_refused", "SLACK_APP_TOKEN", "Basic Information"),
}
_ERROR_CODE = re.compile(r"[a-z0-9_]{1,60}")


async def check_slack(
    api_url: str, token: str, app_token: str, proxies: Proxies, *, contact_swap: bool
) -> list[Finding]:
    """Report on the bot token, its missing scopes, and the app-level token if there is one.

    The WebSocket URL that Slack returns for an app-level token is not opened.
    """
    async with slack_session(proxies=proxies) as session:
        client = web_client(api_url, session)
        needed = list(scopes(contact_swap=contact_swap))
        accepted = partial(_accepted, needed=needed)
        found = await _report(Subject.SLACK, client.auth_test(token=token), accepted)
        if app_token:
            opening = client.apps_connections_open(app_token=app_token)
            found += await _report(Subject.APP_TOKEN, opening, _opened)
        return found


async def _report(
    subject: Subject,
    request: Awaitable[AsyncSlackResponse],
    read: Callable[[AsyncSlackResponse], list[Finding]],
) -> list[Finding]:
    try:
        return read(await request)
    except SlackApiError as error:
        return [_refusal(subject, error)]
    except RedirectRefused:
        return [host_finding(subject, "redirects")]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return [host_finding(subject, connection_problem(error))]
    except (AttributeError, TypeError):  # the SDK expects a JSON object for status 200
        return [host_finding(subject, "web_page", status="200")]


def _opened(_answer: AsyncSlackResponse) -> list[Finding]:
    return [Subject.APP_TOKEN.ok("app_token_accepted", "Slack would open a connection for it")]


def _accepted(answer: AsyncSlackResponse, needed: Sequence[str]) -> list[Finding]:
    if is_org_wide(answer):
        org_wide = Subject.SLACK.failure(
            "token_org_wide",
            "the token is a whole organisation's, and the bot serves one workspace",
            "install the app in that workspace and set SLACK_BOT_TOKEN to the token shown there",
        )
        return [org_wide]
    accepted = Subject.SLACK.ok(
        "slack_accepts",
        "the token is {bot}'s in {workspace}",
        workspace=str(answer.get("team", "")),
        bot=str(answer.get("user", "")),
    )
    return [accepted, _scopes(granted_scopes(answer), needed)]


def _refusal(subject: Subject, error: SlackApiError) -> Finding:
    status, code, _ = read_error(error)
    if code == "ratelimited" or status == 429:
        problem = "rate_limited"
    elif _ERROR_CODE.fullmatch(code):
        finding, setting, page = _TOKENS[subject]
        hint = f"set {setting} to the one on your app's page {page}"
        return subject.failure(finding, "it refuses the token ({error})", hint, error=code)
    else:  # a response without an error code is not from Slack
        problem = "server_failed" if status >= 500 else "web_page"
    return host_finding(subject, problem, status=str(status))


def _scopes(granted: frozenset[str] | None, needed: Sequence[str]) -> Finding:
    if granted is None:
        return Subject.SCOPES.warning(
            "scopes_untold",
            "not told",
            "is SLACK_API_URL Slack's own, or a proxy that drops the header x-oauth-scopes?",
        )
    missing = [scope for scope in needed if scope not in granted]
    hint = "add them on your app's page OAuth & Permissions and install it again"
    if not OPTIONAL_SCOPES.keys() >= set(missing):
        names = ", ".join(missing)
        return Subject.SCOPES.failure("scopes_missing", "missing: {missing}", hint, missing=names)
    if missing:
        off = "; ".join(f"{scope} ({OPTIONAL_SCOPES[scope]})" for scope in missing)
        return Subject.SCOPES.warning(
            "optional_scopes_missing", "missing: {missing}", hint, missing=off
        )
    return Subject.SCOPES.ok("scopes_granted", "{granted}", granted=", ".join(needed))
