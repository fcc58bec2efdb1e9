"""The manifest: what the bot uses, within Slack's limits, and the same as the repository's file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from slackbot.cli.main import main
from slackbot.sandbox.slack.web_api.endpoint import METHODS
from slackbot.settings import Settings
from slackbot.slack.command import Name
from slackbot.slack.manifest import SHORTCUTS

ROOT = Path(__file__).parents[2]
SLACK = ROOT / "slackbot/slack"
URL = "https://bot.example.com"
BOTH = pytest.mark.parametrize("how", [["--url", URL], ["--socket-mode"]], ids=["http", "socket"])


def printed(*arguments: str) -> str:
    ran = CliRunner().invoke(main, ["manifest", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.output


def made(*arguments: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(printed("--json", *arguments))
    return parsed


def scalar(written: str) -> Any:
    """Parse a YAML scalar of the few kinds that a manifest has."""
    if written in {"true", "false"} or written.isdecimal() or written.startswith('"'):
        return json.loads(written)
    return re.sub(r"\s+#.*", "", written)


def read_yaml(text: str) -> Any:
    """Parse block mappings and lists with an indentation of two spaces."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    expanded: list[str] = []
    for line in lines:  # "- a: 1" is a mapping that begins on the next line
        item = re.fullmatch(r"( *)- (\w+: .*)", line)
        expanded += [f"{item[1]}-", f"{item[1]}  {item[2]}"] if item else [line]
    value, left = read_block(expanded, 0)
    assert left == []
    return value


def read_block(lines: list[str], depth: int) -> tuple[Any, list[str]]:
    entries: list[tuple[str, Any]] = []
    while lines and len(lines[0]) - len(lines[0].lstrip()) == depth:
        line, lines = lines[0].strip(), lines[1:]
        name, _, rest = ("-", "", line[1:]) if line.startswith("-") else line.partition(":")
        if rest.strip():
            entries.append((name, scalar(rest.strip())))
        else:
            inner, lines = read_block(lines, depth + 2)
            entries.append((name, inner))
    if entries[0][0] == "-":
        return [value for _, value in entries], lines
    return dict(entries), lines


def test_the_file_in_the_repository_is_what_is_printed():
    """`manifest.yml` and `manifest.json` are the output for an example's host."""
    assert (ROOT / "manifest.yml").read_text() == printed("--url", URL)
    assert (ROOT / "manifest.json").read_text() == printed("--url", URL, "--json")


@BOTH
def test_yaml_and_json_say_the_same(how: list[str]):
    """Both forms are one manifest."""
    assert read_yaml(printed(*how)) == made(*how)


@BOTH
def test_the_manifest_keeps_slacks_limits(how: list[str]):
    """Lengths, counts and names are those of Slack's manifest schema."""
    manifest = made(*how)
    assert manifest["_metadata"]["major_version"] in {1, 2}
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-f]{6}", shown["background_color"])
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
    commands = manifest["features"]["slash_commands"]
    assert 1 <= len(commands) <= 5
    for command in commands:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    bot = manifest["oauth_config"]["scopes"]["bot"]
    assert len(bot) == len(set(bot))


def addresses(value: Any) -> set[str]:
    """Return every URL of a manifest."""
    if isinstance(value, dict):
        return {found for inner in value.values() for found in addresses(inner)}
    if isinstance(value, list):
        return {found for inner in value for found in addresses(inner)}
    return {value} if isinstance(value, str) and "://" in value else set()


def test_http_has_addresses_and_socket_mode_none():
    """Over HTTP all parts post to one address; in Socket Mode no part may have one."""
    over_http, by_socket = made("--url", URL + "/"), made("--socket-mode")
    assert addresses(over_http) == {f"{URL}/slack/events"}
    assert addresses(by_socket) == set()
    assert not over_http["settings"]["socket_mode_enabled"]
    assert by_socket["settings"]["socket_mode_enabled"]


def test_the_scopes_are_those_of_the_methods_called():
    """Every Web API method that the bot calls has its scope, and no scope is without a use."""
    source = "\n".join(path.read_text() for path in SLACK.rglob("*.py"))
    called = set(METHODS) & set(re.findall(r'"([a-z]+\.[\w.]+)"', source))
    called |= {name.replace("_", ".") for name in re.findall(r"\.(auth_test)\(", source)}
    assert {"chat.postMessage", "conversations.history", "views.open", "auth.test"} <= called
    needed = {METHODS[name].scope for name in called} - {None} | {"commands"}
    # The sandbox asks for the first by the sort of channel, and the second is for an event.
    needed |= {"im:history", "app_mentions:read"}
    assert set(made("--socket-mode")["oauth_config"]["scopes"]["bot"]) == needed


def test_every_scope_has_its_reason():
    """Beside each scope stands why it is asked for, and swapping contacts adds one."""
    for flags in ([], ["--contact-swap"]):
        text = printed("--socket-mode", *flags)
        asked_for = made("--socket-mode", *flags)["oauth_config"]["scopes"]["bot"]
        for scope in asked_for:
            assert re.search(rf"- \"?{scope}\"? +# \w.+", text), scope
        assert ("mpim:write" in asked_for) is bool(flags)


def test_the_events_are_those_listened_to():
    """Every event that the bot listens to is subscribed to, and no other."""
    source = "".join(file.read_text() for file in (SLACK / "inbound/listeners").glob("*.py"))
    handled = re.findall(r'app\.event\("(\w+)"\)', source)
    subscribed = made("--socket-mode")["settings"]["event_subscriptions"]["bot_events"]
    # A message's event has its kind of channel in the name that is subscribed to.
    assert sorted(name.partition(".")[0] for name in subscribed) == sorted(handled)


@BOTH
def test_the_shortcuts_are_commands(how: list[str]):
    """Each runs a command without an argument, and keeps Slack's limits."""
    shortcuts = made(*how)["features"]["shortcuts"]
    assert {row["callback_id"]: row["type"] for row in shortcuts} == dict.fromkeys(
        SHORTCUTS, "global"
    )
    for row in shortcuts:
        assert len(row["name"]) <= 24
        assert len(row["description"]) <= 150


def test_the_command_is_that_of_the_settings():
    """The command is the setting's default, or the one that was asked for; its hint is true."""
    command = made("--socket-mode")["features"]["slash_commands"][0]
    assert command["command"] == Settings.model_fields["slack_command"].default
    assert set(re.findall(r"\w+", command["usage_hint"])) <= set(Name)
    other = made("--socket-mode", "--command", "/net-staging")["features"]["slash_commands"]
    assert [row["command"] for row in other] == ["/net-staging"]
    assert "--command /net-staging" in printed("--socket-mode", "--command", "/net-staging")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --url"),
        (["--url", URL, "--socket-mode"], "either --url"),
        (["--url", "http://bot.example.com"], "HTTPS alone"),
        (["--url", "bot.example.com"], "HTTPS alone"),
        (["--url", "https://"], "HTTPS alone"),
        (["--url", "https://[bot"], "HTTPS alone"),
        (["--url", URL + "/?a=b"], "HTTPS alone"),
        (["--url", URL + '/"\n# x: y'], "HTTPS alone"),
        (["--socket-mode", "--command", "networking"], "not like /networking"),
    ],
)
def test_what_cannot_be_made_is_a_usage_error(arguments: list[str], message: str):
    """An address that Slack could not post to is refused before it is pasted somewhere."""
    ran = CliRunner().invoke(main, ["manifest", *arguments])
    assert ran.exit_code == 2
    assert message in ran.output
