"""Asks Slack who the bot's token belongs to and what it may do; nothing else is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from slackbot.domain.findings import Cause, Finding, Subject, why_unreached
from slackbot.slack.client import slack_session, web_client
from slackbot.slack.manifest import SCOPES

_WORD = re.compile(r"[a-z0-9_]{1,60}")


async def probe_slack(api_url: str, token: str) -> list[Finding]:
    """Whether the token is accepted, and which scopes it lacks."""
    async with slack_session() as session:
        try:
            answer = await web_client(api_url, session).auth_test(token=token)
        except SlackApiError as error:
            return [_refused(error.response)]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return [Finding(Subject.SLACK, why_unreached(error))]
        except (AttributeError, TypeError):  # the SDK expects an object in every 200
            return [Finding(Subject.SLACK, Cause.WEB_PAGE, {"status": "200"})]
    told = {"workspace": str(answer.get("team", "")), "bot": str(answer.get("user", ""))}
    return [Finding(Subject.SLACK, Cause.SLACK_ACCEPTS, told), _scopes(answer.headers)]


def _refused(response: Any) -> Finding:
    """Slack's word for it; an answer without one is not Slack's."""
    status = int(getattr(response, "status_code", getattr(response, "status", 0)))
    data = getattr(response, "data", None)
    word = str(data.get("error", "")) if isinstance(data, dict) else ""
    told = {"status": str(status)}
    if word == "ratelimited" or status == 429:
        return Finding(Subject.SLACK, Cause.RATE_LIMITED, told)
    if _WORD.fullmatch(word):
        return Finding(Subject.SLACK, Cause.SLACK_REFUSES, {"error": word})
    if status >= 500:
        return Finding(Subject.SLACK, Cause.SERVER_FAILED, told)
    return Finding(Subject.SLACK, Cause.WEB_PAGE, told)


def _scopes(headers: Mapping[str, str]) -> Finding:
    told = next((v for k, v in headers.items() if k.lower() == "x-oauth-scopes"), None)
    if told is None:
        return Finding(Subject.SCOPES, Cause.SCOPES_UNTOLD)
    granted = {scope.strip() for scope in told.split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if missing:
        return Finding(Subject.SCOPES, Cause.SCOPES_MISSING, {"missing": ", ".join(missing)})
    return Finding(Subject.SCOPES, Cause.SCOPES_GRANTED, {"granted": ", ".join(SCOPES)})
