"""Links and tokens in the forms in which people have reported that other programs refuse them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest

from slackbot.domain.credentials import MagicLink, holds_secret, read_credential, read_event
from slackbot.domain.errors import BadCredential, CredentialProblem

KEY = "a1b2c3d4e5f6a7b8"
LINK = f"https://www.accelevents.com/e/demo/portal?userKey={KEY}&loginSource=MAGIC_LINK"
QUOTED = quote(LINK, safe="")
TOKEN = "8f14e45fceea167a5a36dedd4bea2543"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"
    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
TRACKED = json.dumps({"s": "x", "v": 1, "p": json.dumps({"u": 30, "v": 1, "url": LINK})})
MANDRILL = urlsafe_b64encode(TRACKED.replace("/", "\\/").encode()).decode()
BROKEN = LINK.index(KEY) + 10


@pytest.mark.parametrize(
    "wrapped",
    [
        # Mail filters.
        # baptisteArno/typebot.io#1221
        f"https://nam12.safelinks.protection.outlook.com/?url={QUOTED}",
        f"https://nam12.safelinks.protection.outlook.com/ap/t-5958/?url={QUOTED}&data=05%7C01",
        # A filter that encodes what is encoded already: Shelf-nu/shelf.nu#815
        f"https://eur03.safelinks.protection.outlook.com/?url={quote(QUOTED, safe='')}&reserved=0",
        f"https://statics.teams.cdn.office.net/safelinks/1/atp-safelinks.html?url={QUOTED}&pc=x",
        # codeigniter4/shield#1260
        f"https://atpscan.global.hornetsecurity.com/?d=OPVB0l7gHwSO9RSoHtNC&i=&k=QwqN&u={QUOTED}",
        f"https://atpscan.global.hornetsecurity.com/?d=OPVB0l7gHwSO9RSo&k=QwqN\n&u={QUOTED}",
        # ClearURLs/Addon#438
        f"https://urldefense.proofpoint.com/v1/url?u={QUOTED}&k=oIvRg1%2BdGAgO&amp;m=Ww6iaHO7",
        f"https://urldefense.com/v3/__{LINK}__;!!HXCxUKc!gS3R$",
        f"https://protect.checkpoint.com/v2/___{LINK}___.YXAzOmFiYzphOm86NTk1",
        f"https://scanmail.trustwave.com/?c=8510&d=3bW94&s=5&u={QUOTED.lower()}",
        # Services that count clicks.
        # 18F/myusa#649
        f"http://mandrillapp.com/track/click/30288227/www.accelevents.com?p={MANDRILL}",
        LINK.replace("&", "#038;"),  # restrictcontentpro/restrict-content-pro#1585
        # Links that a mail program has broken.
        f"{LINK[:BROKEN]}\n{LINK[BROKEN:]}",  # craftcms/cms#3288
        f"{LINK[:BROKEN]}\r\n{LINK[BROKEN:]}",  # osTicket/osTicket#1342
        f"> {LINK[:BROKEN]}\n> {LINK[BROKEN:]}",  # elkarte/Elkarte#3238
        f"http://www.accelevents.com/update-\npassword?key={KEY}",  # frappe/erpnext#11201
        f"https://www.accelevents.com/e/demo/portal ?userKey={KEY}",
        # Quoted-printable that nobody has decoded.
        # openfrontio/OpenFrontIO#4967
        f"https://www.accelevents.com/e/demo#login?token=3D{KEY}&email=3Dada",
        # jingfreeks/dells-softwares#355
        f"https://www.accelevents.com/auth/v1/verify?token=3D\n{KEY}&type=3Dsign=\nup&x=3D1",
        # What stands around a link.
        f"{LINK}.",  # DemocracyClub/UK-Polling-Stations#6926
        f"<{LINK}>",  # elkarte/Elkarte#3238
        f"Sign in: {LINK} …",
        f"<{LINK.replace('&', '&amp;')}|{LINK.replace('&', '&amp;')}>",  # howdyai/botkit#240
        f"请点击：{LINK}。",
        f"「{LINK}」",
        f"链接 https://www.accelevents.com/e/demo?userKey={KEY}，谢谢",
        # Encoded as a whole by a redirect.
        LINK.replace("=", "%3D"),
        LINK.replace("&", "%26"),
    ],
)
def test_reported_wrappings_of_a_magic_link(wrapped: str) -> None:
    """The key is found, whole, and noticed where it does not belong."""
    assert read_credential(wrapped) == MagicLink(KEY)
    assert holds_secret(wrapped)


def test_a_key_may_end_in_a_dash() -> None:
    """Only marks that no key has are taken off its end."""
    assert read_credential(f"https://www.accelevents.com/e/x?userKey={KEY}-") == MagicLink(
        f"{KEY}-"
    )  # liberapay/liberapay.com#1476


@pytest.mark.parametrize(
    "wrapped",
    [
        f"{JWT}\n",  # postmanlabs/postman-app-support#7106
        f"{JWT} ",  # Automattic/vip-cli#141
        f"\n{TOKEN}\n",  # logicalclocks/hopsworks-api#185
        f"Bearer {JWT}",  # jsonwebtoken/jsonwebtoken.github.io#737
        f"Bearer{JWT}",  # jsonwebtoken/jsonwebtoken.github.io#737
        f"bearer {TOKEN}",  # gitroomhq/postiz-app#1990
        f"Bearer Bearer {TOKEN}",
        f"Bearer%20{JWT}",
        f"Bearer+{JWT}",
        f"Bearer <{TOKEN}>",
        f"authorization\tBearer {JWT}",
        f"{TOKEN}%",  # rerun-io/rerun#11420
        f'\\"{TOKEN}\\"',
        f"{JWT[:76]}\n{JWT[76:]}",  # 42Crunch/vscode-openapi#50
        f"{JWT[:60]}\\\n{JWT[60:]}",
        f"{JWT[:30]}\u200b{JWT[30:]}",  # bhollis/jsonview#129
        f"{JWT[:30]}\u200c{JWT[30:]}",  # nhoizey/vscode-gremlins#27
        f"{JWT[:30]}\u200d{JWT[30:]}",
        f"{JWT}\u200b",  # jsfiddle/jsfiddle-users#163
        f"\u200e{JWT}\u200e",  # nhoizey/vscode-gremlins#22
        f"“{TOKEN}”",  # wilhelmklopp/simple-poll#2
        f"‘{TOKEN}’",  # saltstack/salt#40653
        f"「{TOKEN}」",
        f"＂{TOKEN}＂",
        f"´{TOKEN}´",
        f"**{JWT}**",
        f"_{JWT}_",
        f"__{TOKEN}__",
        f"<token>{TOKEN}</token>",
        f"<b>{TOKEN}</b>",
        f"<http://{JWT}|{JWT}>",
    ],
)
def test_reported_wrappings_of_a_token(wrapped: str) -> None:
    """The token is found, whole, and noticed where it does not belong."""
    secret = JWT if "eyJ" in wrapped else TOKEN
    assert read_credential(wrapped).secret == secret
    assert holds_secret(wrapped)


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        # mozilla/blurts-server#526
        ("https://www.accelevents.com/user/verify?token=", CredentialProblem.CUT),
        ("https://www.accelevents.com/e/demo?userKey=a1b2c3d4e5…", CredentialProblem.CUT),
        # sendgrid/docs#5774
        ("https://url8997.x.example/wf/click?upn=tWyuM6NUj3QlRTjc-2B", CredentialProblem.FILTERED),
        ("https://url3816.x.example/ls/click?upn=u001.tWyuM6NUj3Ql", CredentialProblem.FILTERED),
        # goauthentik/authentik#8953
        (
            "https://protect-eu.mimecast.com/s/AbCd?domain=accelevents.com",
            CredentialProblem.FILTERED,
        ),
        # scrapinghub/slackbot#86
        ("<mailto:me@example.com|me@example.com>", CredentialProblem.E_MAIL),
        # An event's link, and a token that stands below it, are two things.
        (f"https://www.accelevents.com/e/demo\n{TOKEN}\n{TOKEN[::-1]}", CredentialProblem.SEVERAL),
    ],
)
def test_reported_problems_are_named(pasted: str, problem: CredentialProblem) -> None:
    """What is wrong is said, rather than that something is."""
    with pytest.raises(BadCredential) as refused:
        read_credential(pasted)
    assert refused.value.problem is problem


def test_a_token_below_a_link_is_no_part_of_it() -> None:
    """A link that has no parameters does not go on in the next line."""
    event = "https://www.accelevents.com/e/a-long-name-of-an-event-in-2026/portal/schedule"
    assert read_credential(f"{event}\n{TOKEN}").secret == TOKEN


@pytest.mark.parametrize(
    ("pasted", "slug"),
    [
        ("<http://demo.example/e/my-event|demo.example/e/my-event>", "my-event"),
        ("https://www.accelevents.com/#/e/my-event", "my-event"),
        (f"https://nam12.safelinks.protection.outlook.com/?url={QUOTED}", "demo"),
        ("https://www.accelevents.com/e/\nmy-event?tab=1", "my-event"),
        ("my-event/", "my-event"),
        ("/my-event", "my-event"),
        ("#my-event", "my-event"),
        ("my-event?tab=1#top", "my-event"),
        ("ｍｙ-ｅｖｅｎｔ", "my-event"),
        (" https://www.accelevents.com/e/my-event", "my-event"),  # ilios/frontend#5438
        ("www.accelevents.com/e/my-event", "my-event"),  # yuummmer/fairy-core#60
        ("accelevents.com/e/my-event", "my-event"),  # alan-turing-institute/AssurancePlatform#873
        ("Http://www.accelevents.com/e/my-event", "my-event"),  # harvard-lil/perma#3817
        ("HTTPS://WWW.ACCELEVENTS.COM/E/my-event", "my-event"),  # WordPress/wordpress-develop#12103
        ("https://http://www.accelevents.com/e/my-event", "my-event"),  # reactive-resume/app#3403
        ("https://www.accelevents.com/e/my-event%20", "my-event"),
        ("https://www.accelevents.com/e/my-event，请加入", "my-event"),
        ("https://www.accelevents.com/e/my-event?ref=https://x.example/e/other", "my-event"),
    ],
)
def test_reported_wrappings_of_an_event(pasted: str, slug: str) -> None:
    """As for a magic link; also behind the route of a page."""
    assert read_event(pasted) == slug


@pytest.mark.parametrize(
    "typed",
    [
        "join Yfqt8oplkER6VtxtCH1XO7PZ8Y",  # godaddy/tartufo#413
        # ministryofjustice/devsecops-hooks#92
        *("password = 123456789012", "password = abcdefghijkl", "password = 12345678901a"),
        'const password = "asdWEFV21!#@D,dd"',  # newrelic/rusty-hog#57
        # openfrontio/OpenFrontIO#4967
        "https://openfront.io/#token-login?token-login=q8Vn2LkX9xZp4&email=ada%40example.com",
        # dani-garcia/vaultwarden#7401
        f"https://x.example/#/accept-organization/?email=user%40domain.de&token={TOKEN}",
    ],
)
def test_reported_secrets_are_noticed(typed: str) -> None:
    """Other programs took them for words."""
    assert holds_secret(typed)
