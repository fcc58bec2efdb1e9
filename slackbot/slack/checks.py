"""Check the bot's token and scopes with `auth.test`; nothing else is called."""

from __future__ import annotations

import re

import aiohttp
from slack_sdk.errors import SlackApiError

from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.findings import Finding, Subject
from slackbot.slack.client import RedirectRefused, read_error, slack_session, web_client
from slackbot.slack.installations import is_org_wide
from slackbot.slack.manifest import SCOPES

_ERROR_CODE = re.compile(r"[a-z0-9_]{1,60}")


async def check_slack(api_url: str, token: str) -> list[Finding]:
    """Report on the token, and on the scopes that it lacks."""
    async with slack_session() as session:
        try:
            answer = await web_client(api_url, session).auth_test(token=token)
        except SlackApiError as error:
            return [_refusal(error)]
        except RedirectRefused:
            return [host_finding(Subject.SLACK, "redirects")]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return [host_finding(Subject.SLACK, connection_problem(error))]
        except (AttributeError, TypeError):  # the SDK expects an object in every 200
            return [host_finding(Subject.SLACK, "web_page", status="200")]
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
    return [accepted, _scopes(answer.headers.get("x-oauth-scopes"))]


def _refusal(error: SlackApiError) -> Finding:
    status, code, _ = read_error(error)
    if code == "ratelimited" or status == 429:
        problem = "rate_limited"
    elif _ERROR_CODE.fullmatch(code):
        return Subject.SLACK.failure(
            "slack_refuses",
            "it refuses the token ({error})",
            "set SLACK_BOT_TOKEN to the one on your app's page OAuth & Permissions",
            error=code,
        )
    else:  # an answer without an error code is not Slack's
        problem = "server_failed" if status >= 500 else "web_page"
    return host_finding(Subject.SLACK, problem, status=str(status))


def _scopes(header: str | None) -> Finding:
    if header is None:
        return Subject.SCOPES.warning(
            "scopes_untold",
            "not told",
            "is SLACK_API_URL Slack's own, or a proxy that drops the header x-oauth-scopes?",
        )
    granted = {scope.strip() for scope in header.split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if missing:
        return Subject.SCOPES.failure(
            "scopes_missing",
            "missing: {missing}",
            "add them on your app's page OAuth & Permissions and install it again",
            missing=", ".join(missing),
        )
    return Subject.SCOPES.ok("scopes_granted", "{granted}", granted=", ".join(SCOPES))
