"""What is wrapped around a credential is taken off, and what is wrong with it is named."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest

from slackbot.domain.credentials import (
    AccessToken,
    MagicLink,
    holds_secret,
    read_credential,
    read_event,
)
from slackbot.domain.errors import BadCredential, BadEventLink, CredentialProblem, EventProblem
from tests.fuzz.wrapped_credentials import wrapped_credentials, wrapped_event_links
from tests.harness.wrapping import AROUND, AROUND_LINKS, AROUND_TOKENS

KEY = "a1b2c3d4e5f6a7b8"
LINK = f"https://www.accelevents.com/e/demo/portal?userKey={KEY}&loginSource=MAGIC_LINK"
TOKEN = "8f14e45fceea167a5a36dedd4bea2543"
SEED = 6
QUOTED = quote(LINK, safe="")
ENCODED = urlsafe_b64encode(LINK.encode()).decode()
# The characters that stand as `**A` and `**B` in a link of Proofpoint's.
CHARS = urlsafe_b64encode(b"c3d4e").decode().rstrip("=")


def test_every_wrapping_is_taken_off() -> None:
    """Links and tokens are read in each; `make fuzz` has 10,000 of both."""
    assert min(len(AROUND | AROUND_LINKS), len(AROUND | AROUND_TOKENS)) >= 20
    for result in (wrapped_credentials(60, SEED), wrapped_event_links(60, SEED)):
        assert result.passed, "\n".join([str(result), *result.samples])


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        ("", CredentialProblem.UNKNOWN),
        ("I can't find it", CredentialProblem.UNKNOWN),
        ("https://www.accelevents.com/e/demo", CredentialProblem.EVENT_LINK),
        ("https://www.accelevents.com/e/some-event-name-2026/portal", CredentialProblem.EVENT_LINK),
        ("https://www.google.com/url?q=https://www.accelevents.com/e/demo",
         CredentialProblem.EVENT_LINK),
        ("https://protect-eu.mimecast.com/s/AbCd?domain=accelevents.com",
         CredentialProblem.FILTERED),
        ("https://u123.ct.sendgrid.net/ls/click?upn=u001.abc-2Bdef", CredentialProblem.FILTERED),
        ("https://example.com/welcome", CredentialProblem.OTHER_LINK),
        ("https://www.accelevents.com/e/demo?userKey=short", CredentialProblem.CUT),
        ("https://www.accelevents.com/e/demo?userKey=a1b2c3d4…", CredentialProblem.CUT),
        (f"{TOKEN[:12]}...", CredentialProblem.CUT),
        (f"{TOKEN} or {TOKEN[::-1]}", CredentialProblem.SEVERAL),
        (f"{LINK} {LINK.replace(KEY, KEY[::-1])}", CredentialProblem.SEVERAL),
        ("ada@example.com", CredentialProblem.E_MAIL),
        ("My address is ada@example.com", CredentialProblem.E_MAIL),
        ("xoxb-123456789012-abcdefabcdef", CredentialProblem.OF_SLACK),
    ],
)  # fmt: skip
def test_the_problem_of_a_credential_is_named(pasted: str, problem: CredentialProblem) -> None:
    """Each reason has its own sentence."""
    with pytest.raises(BadCredential) as refused:
        read_credential(pasted)
    assert refused.value.problem is problem


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        ("two words", EventProblem.UNKNOWN),
        ("https://www.accelevents.com/", EventProblem.NO_EVENT),
        (TOKEN, EventProblem.WRONG_FIELD),
        (f"Bearer {TOKEN}", EventProblem.WRONG_FIELD),
        (f"https://www.accelevents.com/e/{TOKEN}", EventProblem.WRONG_FIELD),
        ("xoxb-123456789012-abcdefabcdef", EventProblem.WRONG_FIELD),
        ("bearer abcdefghijklmnopqrst", EventProblem.WRONG_FIELD),
    ],
)
def test_the_problem_of_an_event_link_is_named(pasted: str, problem: EventProblem) -> None:
    """Each reason has its own sentence."""
    with pytest.raises(BadEventLink) as refused:
        read_event(pasted)
    assert refused.value.problem is problem


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("Demo", "demo"),
        ("Demo.", "demo"),
        ("“demo”", "demo"),
        ("B2B-SaaS-2026", "B2B-SaaS-2026"),
        ("/e/demo", "demo"),
        ("e/demo", "demo"),
        ("accelevents.com/e/demo", "demo"),
        ("<https://www.accelevents.com/e/demo|demo>", "demo"),
        (LINK, "demo"),
    ],
)
def test_an_event_is_read_as_it_is_typed(typed: str, slug: str) -> None:
    """A phone's capital, quotes, Slack's label and the magic link itself do no harm."""
    assert read_event(typed) == slug


@pytest.mark.parametrize(
    "wrapped",
    [
        f"https://urldefense.com/v3/__https:/www.accelevents.com/e/demo?userKey=a1b2**A**B5f6a7b8__;{CHARS}!!x!y$",
        f"https://imsva91-ctp.trendmicro.com/wis/clicktime/v1/query?url={QUOTED}&umid=a1-b2&auth=c3d4",
        f"https://protect2.fireeye.com/v1/url?k=31323334-50bba2bf&q=1&e=8f14e45f&u={QUOTED}",
        f"https://eu-central-1.protection.sophos.com/?d=accelevents.com&u={ENCODED}&p=m&i=NWY=&t=Q0c=",
        f"https://l.facebook.com/l.php?u={QUOTED}&h=AT0abc",
        f"https://www.linkedin.com/safety/go?url={QUOTED}&trk=flagship",
        f'{{"headers": {{"Link": "{LINK}"}}}}',
        f"[{LINK}]({LINK})",
        f"Magic link:\n\n<{LINK}>.\n\nSee you there!",
    ],
)
def test_other_wrappings_of_a_magic_link(wrapped: str) -> None:
    """Those of other mail filters and sites, and links that stand twice."""
    assert read_credential(wrapped) == MagicLink(KEY)


@pytest.mark.parametrize(
    "wrapped",
    [
        f'{{"headers": {{"Authorization": "Bearer {TOKEN}"}}}}',
        f'Authorization: "Bearer {TOKEN}"',
        f"Bearer: {TOKEN}",
        f"JWT {TOKEN}",
        f"my token is {TOKEN}",
        f"export TOKEN={TOKEN}",
        f"Set-Cookie: access_token={TOKEN}; Secure",
        f"X-Auth-Token={TOKEN}",
        f"--header 'authorization: bearer {TOKEN}'",
        f"token:{TOKEN},",
        f"{TOKEN}\n{TOKEN}",
    ],
)
def test_other_wrappings_of_a_token(wrapped: str) -> None:
    """Those of tools, and a token that stands twice."""
    assert read_credential(wrapped).secret == TOKEN


def test_a_link_in_a_link_is_followed_a_few_times_only() -> None:
    """A link that leads to itself ends, and an outer parameter is not taken for the key."""
    endless = "https://x.example/?url=" * 50 + LINK
    with pytest.raises(BadCredential):
        read_credential(endless)
    tracked = f"https://x.example/?token={TOKEN}&url=https%3A%2F%2Fwww.accelevents.com%2Fe%2Fdemo"
    with pytest.raises(BadCredential) as refused:
        read_credential(tracked)
    assert refused.value.problem is CredentialProblem.EVENT_LINK


def test_a_token_broken_over_lines_is_put_together() -> None:
    """As a terminal or a mail program breaks it."""
    token = TOKEN * 4
    lines = "\n".join(token[i : i + 64] for i in range(0, len(token), 64))
    assert read_credential(lines) == read_credential(token)
    assert isinstance(read_credential(lines), AccessToken)
    assert read_credential(f"userKey={KEY}") == MagicLink(KEY)


EVENT = quote("https://www.accelevents.com/e/demo", safe="")
APP = "https://app.accelevents.com"


@pytest.mark.parametrize(
    "link",
    [
        *[f"{APP}/cb?{name}=a1b2c3d4" for name in ("access_token", "authToken", "sessionToken")],
        *[f"{APP}/cb?{name}=a1b2c3d4" for name in ("jwt", "user-key", "code", "api_key")],
        f"{APP}/cb?x={KEY}&y=2",
        f"{APP}/cb#access_token=eyJhbGciOi",
        f"{APP}/cb#state=1&access_token=a1b2c3d4",
        f"{APP}/e/x#userKey=short",
        f"{APP}/e/x?userKey=abc%2Bdef%2F1234567890",
        f"{APP}/login?code=a1b2c3d4&next=https%3A%2F%2Fexample.com",
        f"{APP}/login/abc-defg_hij1234k",
        f"{APP}/#/login/{TOKEN}",
        "https://ada:hunter2@x.example/",
        f"https://{TOKEN}@x.example/",
        f"https://x.example/?access_token=a1b2c3d4&next={quote(APP, safe='')}",
    ],
)
def test_a_secret_in_any_part_of_a_link_is_noticed(link: str) -> None:
    """In parameters of many names, in the fragment, as a password; also behind a mail filter."""
    filtered = f"https://eur03.safelinks.protection.outlook.com/?url={quote(link, safe='')}"
    for pasted in (link, f"connect <{link}|here>", f"{filtered}&data=05%7C02&reserved=0"):
        assert holds_secret(pasted), pasted


@pytest.mark.parametrize(
    "typed",
    [
        "join login.accelevents.com/cb?code=a1b2c3d4",
        "join (app.accelevents.com/cb#jwt=a1b2c3d4).",
        "join ftp://ada:hunter2@x.example/",
    ],
)
def test_a_secret_in_what_is_nearly_a_link_is_noticed(typed: str) -> None:
    """A link without its scheme, or with another one, is read as one."""
    assert holds_secret(typed)


def test_a_short_key_on_a_login_page_is_read() -> None:
    """It has a digit and a letter, and is not the name of a page."""
    link = "https://www.accelevents.com/login/abc-defg_hij1234k"
    assert read_credential(link) == MagicLink("abc-defg_hij1234k")
    for other in ("login/forgotten-password", "blog/networking-tips-for-2026"):
        with pytest.raises(BadCredential):
            read_credential(f"https://www.accelevents.com/{other}")


@pytest.mark.parametrize(
    "written",
    [
        "Hi! Can I join the networking later today?",
        "The bearer of good news: what is a bearer token?",
        "My token: whatever it takes",
        "see https://github.com/slackapi/bolt-python/issues/1484#issuecomment-2345678901",
        "https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit",
        "https://us02web.zoom.us/j/98765432101",
        "https://www.accelevents.com/e/demo/portal/schedule/11645",
        "<https://www.accelevents.com/e/b2b-saas-summit-2026/portal|our event>",
        f"https://eur03.safelinks.protection.outlook.com/?url={EVENT}&data=05%7C02%7C{TOKEN}&x=1",
        "https://www.google.com/url?q=https://www.accelevents.com/e/demo&usg=AOvVaw0q8Vn2LkX9xZp4T",
        "https://x.example/?fbclid=IwAR0q8Vn2LkX9xZp4TfW1RsYb6CjHd0&utm_source=q8Vn2LkX9xZp4TfW1R",
        "https://x.example/?author=AdaLovelace&keyword=networking&promocode=SPRING2026#top",
        "https://x.example/magic-the-gathering-2026",
        "E=mc²/2, and/or n=1 with mailto:ada@example.com",
        "Meet <@U04A79ECC3Z|ada> in <#C04A79ECC3Z|networking-2026>",
        "Verify OTP Google Mobile Authenticator (2FAS)",
        "TOKEN_SIGNATURE_INVALID, NO_CERTIFICATE_PATH and CHALLENGE_NOT_MATCH",
        "abcdefghijklmnopqrstuvwxyz",
        "hahahahahahahahahahahahaha aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "+49 170 1234567890123456",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "Lopadotemachoselachogaleokranioleipsanodrimhypotrimmatosilphio",
    ],
)
def test_ordinary_messages_hold_no_secret(written: str) -> None:
    """Sentences, links, mentions, long words and constants are none."""
    assert not holds_secret(written)
