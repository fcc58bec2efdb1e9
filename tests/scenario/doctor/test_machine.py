"""`slackbot doctor` names what is wrong on this machine, and prints no more than it must."""

from __future__ import annotations

import json
import resource
from functools import partial

import pytest

from slackbot.doctor.runner import bounded
from slackbot.domain.findings import Finding, Grade, Subject
from slackbot.web.call.assets import STATIC
from slackbot.web.call.checks import OFFERED, check_call_page

from .installation import Installation, upgraded


async def test_nothing_is_wrong(installation: Installation) -> None:
    """A healthy set-up, before its first start and after it, ends with status 0."""
    report = await installation.run_doctor()
    assert report.status == 0, report.printed
    assert "slackbot run makes it" in report.on("database")
    assert not (installation.folder / "var").exists()
    assert "networking's in Demo Workspace" in report.on("slack")
    assert "chat:write" in report.on("slack scopes")
    assert "asks for a token, as it should" in report.on("accelevents")
    assert "asks for a token, as it should" in report.on("socket")
    assert report.printed.splitlines()[-1] == (
        "Checks: 11. Failures: 0. Warnings: 0. All is well: slackbot run starts the bot."
    )
    await (await upgraded(installation)).aclose()
    report = await installation.run_doctor()
    assert (report.status, "answers" in report.on("database")) == (0, True)
    assert "the newest" in report.on("schema")


async def test_a_pipe_gets_plain_lines(installation: Installation) -> None:
    """Without a terminal there are no colours, one line for each finding, and no log lines."""
    ran = await installation.run_in_process()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "\x1b" not in ran.stdout
    grades = {line.split()[0] for line in ran.stdout.splitlines()[:-1]}
    assert grades == {"ok"}


async def test_the_last_line_says_what_to_do(installation: Installation) -> None:
    """It counts the checks, and names the next step; warnings leave the status 0."""
    report = await installation.run_doctor(PUBLIC_URL="http://bot.example.com")
    assert report.status == 0
    assert report.printed.splitlines()[-1].startswith("Checks: 11. Failures: 0. Warnings: 1. The")
    report = await installation.run_doctor(SLACK_API_URL="http://127.0.0.1:1")
    assert report.status == 1
    assert "Failures: 1. Warnings: 0. Put the failures right" in report.printed.splitlines()[-1]
    (installation.folder / ".env").write_text("PORT=none\n")
    report = await installation.run_doctor()
    assert report.status == 1
    assert "Failures: 1. Warnings: 1. Put" in report.printed.splitlines()[-1]


async def test_files_that_others_can_read(installation: Installation) -> None:
    """A `.env` made by cp, and a data folder that others can enter, are warnings."""
    env = installation.folder / ".env"
    env.touch(mode=0o644)
    env.chmod(0o644)
    await (await upgraded(installation)).aclose()
    data = installation.folder / "var"
    (data / "slackbot.db").chmod(0o644)
    data.chmod(0o755)
    report = await installation.run_doctor()
    assert "can read or change .env (0644) → run chmod 600 .env" in report.on("private files")
    assert f"change {data} (0755) → run chmod 700 {data}" in report.on("private files")
    assert report.status == 0
    for file, mode in ((env, 0o640), (data, 0o700)):
        file.chmod(mode)
    report = await installation.run_doctor()
    assert f".env, {data}: closed to others" in report.on("private files")


async def test_proxies_of_requests(installation: Installation) -> None:
    """A proxy is named without its password, wherever it is set; another kind is refused."""
    (installation.folder / ".env").write_text("HTTPS_PROXY=http://me:canary@proxy.example:3128\n")
    report = await installation.run_doctor()
    assert "go through proxy.example:3128" in report.on("proxies")
    assert "canary" not in report.printed
    report = await installation.run_doctor(ALL_PROXY="socks5://canary@127.0.0.1:1")
    assert "HTTP_PROXY is not the http:// or https:// address of a proxy" in report.on("settings")
    assert "canary" not in report.printed


async def test_machines_get_json(installation: Installation) -> None:
    """`--json` gives one object that names every cause by its code."""
    installation.slack.workspace.scopes.discard("im:write")
    report = await installation.run_doctor("--json")
    output = json.loads(report.printed)
    causes = {row["subject"]: row["cause"] for row in output["findings"]}
    assert (report.status, output["ok"]) == (1, False)
    assert causes["slack scopes"] == "scopes_missing"
    assert causes["socket"] == "socket_asks_for_token"


async def test_missing_variables(installation: Installation) -> None:
    """Every missing variable is named at once, with what it is for."""
    for name in list(installation.environment):
        del installation.environment[name]
    report = await installation.run_doctor()
    assert report.status == 1
    assert "SLACK_BOT_TOKEN is missing → set it; it is: The bot's token" in report.printed
    assert "SLACK_SIGNING_SECRET is missing" in report.on("settings")
    assert "SLACKBOT_SECRET_KEYS is missing → put there" in report.on("keys")
    assert "the rest was not looked at" in report.on("settings")
    hint = f"there is no .env in {installation.folder}: slackbot init writes one"
    assert hint in report.printed
    (installation.folder / ".env").touch(mode=0o600)
    report = await installation.run_doctor()
    assert "put the settings right, then look again" in report.printed


async def test_settings_after_a_bad_key(installation: Installation) -> None:
    """A bad key is a finding about keys; what is wrong beside it stays one about settings."""
    del installation.environment["SLACKBOT_SECRET_KEYS"]
    report = await installation.run_doctor(PORT="none", LOG_LEVEL="loud")
    assert "SLACKBOT_SECRET_KEYS" in report.on("keys")
    assert "PORT" in report.on("settings")
    assert "LOG_LEVEL" in report.on("settings")


async def test_malformed_settings(installation: Installation) -> None:
    """Every malformed variable is named at once, without its value."""
    report = await installation.run_doctor(
        ACCELEVENTS_API_URL="api.accelevents.com",
        ACCELEVENTS_WEB_URL="https://[accelevents",
        ACCELEVENTS_SOCKET_URL="wss://api.accelevents.com:99999",
        ACCELEVENTS_TIMEZONE="Mars/Olympus",
        ACCELEVENTS_MATCHES_REQUEST="GET /matches",
        SLACK_SIGNING_SECRET="canary-secret",
        PORT="canary-port",
    )
    assert report.status == 1
    for name in ("API_URL", "WEB_URL", "SOCKET_URL", "TIMEZONE", "MATCHES_REQUEST"):
        assert f"ACCELEVENTS_{name} is not" in report.on("settings")
    assert "SLACK_SIGNING_SECRET is not a signing secret" in report.on("settings")
    assert "PORT" in report.on("settings")
    assert "canary" not in report.printed


async def test_socket_settings(installation: Installation) -> None:
    """A socket setting that no socket could be opened with is named, and the rest is checked."""
    report = await installation.run_doctor(ACCELEVENTS_SOCKET_NAMESPACE="live")
    assert report.status == 1
    assert "ACCELEVENTS_SOCKET_NAMESPACE must begin with /" in report.on("socket")
    assert report.on("slack").startswith("ok")


async def test_why_no_call_is_offered(installation: Installation) -> None:
    """Without an address it is a choice; one that browsers do not trust is a warning."""
    report = await installation.run_doctor()
    assert "PUBLIC_URL is empty" in report.on("calls")
    report = await installation.run_doctor(PUBLIC_URL="http://bot.example.com/")
    assert (report.status, report.on("calls").startswith("warning")) == (0, True)
    assert "no camera to http://bot.example.com → set PUBLIC_URL" in report.on("calls")
    report = await installation.run_doctor(PUBLIC_URL="https://bot.example.com")
    there = check_call_page("https://bot.example.com", STATIC).code == OFFERED
    message = (
        "leads to https://bot.example.com" if there else "has no call page → install the wheel"
    )
    assert (report.status, message in report.on("calls")) == (0, True)


async def test_call_settings_that_cannot_be_used(installation: Installation) -> None:
    """Each is named, without its value."""
    report = await installation.run_doctor(
        PUBLIC_URL="https://canary:pass@bot.example.com", CALL_MEDIA_HOSTS="*.canary; script-src *"
    )
    assert report.status == 1
    assert "PUBLIC_URL is not an address such as" in report.on("settings")
    assert "CALL_MEDIA_HOSTS is not a list of hosts" in report.on("settings")
    assert "canary" not in report.printed


async def test_an_unreadable_env_file(installation: Installation) -> None:
    """A `.env` that is not text is named."""
    (installation.folder / ".env").write_bytes(b"SLACK_COMMAND=\xff\xfe")
    report = await installation.run_doctor()
    assert report.status == 1
    assert ".env cannot be read" in report.on("settings")


async def test_a_short_key(installation: Installation) -> None:
    """A key of the wrong length is named by its position, with the way to a good one."""
    report = await installation.run_doctor(SLACKBOT_SECRET_KEYS="c2hvcnQ=")
    assert report.status == 1
    assert "key 1 has 5 bytes instead of 32" in report.on("keys")
    assert "slackbot doctor --new-key" in report.on("keys")
    assert report.on("slack").startswith("ok")


@pytest.mark.parametrize(("limit", "status"), [(256, 1), (1024, 0)])
async def test_few_open_files(installation: Installation, limit: int, status: int) -> None:
    """A low limit is reported with its room for feeds; far too low is a failure."""
    lower = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (limit, limit))
    ran = await installation.run_in_process(before=lower)
    assert ran.returncode == status, ran.stdout
    files = next(line for line in ran.stdout.splitlines() if "open files" in line)
    assert files.startswith("failure" if status else "warning")
    assert f"limit {limit:,}, room for" in files
    assert "ulimit" in files


async def test_a_check_that_breaks_is_a_finding() -> None:
    """A defect in one check is reported by its type alone, and the others go on."""

    async def broken() -> list[Finding]:
        raise RuntimeError("canary")

    [finding] = await bounded(Subject.SLACK, broken(), 10)
    assert (finding.grade, finding.code) == (Grade.FAILURE, "check_broke")
    assert finding.facts == {"kind": "RuntimeError"}
    assert "canary" not in finding.message + finding.hint


async def test_the_new_key_is_printed_alone(installation: Installation) -> None:
    """`--new-key` checks nothing and prints a key that can be used."""
    report = await installation.run_doctor("--new-key", SLACK_BOT_TOKEN="nonsense")
    assert report.status == 0
    again = await installation.run_doctor(SLACKBOT_SECRET_KEYS=report.printed.strip())
    assert again.status == 0


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        (["--as-attendee"], "", "go together"),
        (["--event", "demo"], "", "go together"),
        (["--as-attendee", "--event", "no event!"], "", "no event's slug"),
        (["--as-attendee", "--event", "demo"], "\n", "no access token"),
        (["--as-attendee", "--event", "demo"], "https://x.example/?userKey=abcdefgh1\n", "magic"),
    ],
)
async def test_how_an_attendee_is_named(
    installation: Installation, arguments: list[str], typed: str, message: str
) -> None:
    """An attendee is an event and a token by prompt or pipe; anything else is a usage error."""
    report = await installation.run_doctor(*arguments, typed=typed)
    assert report.status == 2
    assert message in report.printed


async def test_who_may_name_visitors(installation: Installation) -> None:
    """A bot that a proxy reaches from elsewhere gets a warning until it trusts that proxy."""
    report = await installation.run_doctor()
    assert report.on("proxies") == "ok       proxies       127.0.0.1, ::1 may name visitors"
    behind = {"HOST": "0.0.0.0", "PUBLIC_URL": "https://bot.example.com"}
    report = await installation.run_doctor(**behind)
    assert report.on("proxies").startswith("warning")
    assert "set TRUSTED_PROXIES to the address" in report.on("proxies")
    for name in ("TRUSTED_PROXIES", "FORWARDED_ALLOW_IPS"):
        report = await installation.run_doctor(**behind, **{name: "10.0.0.0/8"})
        assert "10.0.0.0/8 may name visitors" in report.on("proxies")
    report = await installation.run_doctor(TRUSTED_PROXIES="nginx")
    assert "TRUSTED_PROXIES is not a list of addresses and networks" in report.on("settings")
