"""Event links, magic links and tokens, and what mail programs, people and tools put around them."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable
from typing import Final
from urllib.parse import quote
from uuid import UUID

Ways = dict[str, Callable[[str], str]]

HOSTS: Final = ("www.accelevents.com", "events.example.org")


def magic_link(rng: random.Random) -> tuple[str, str]:
    """Return a magic link, and its key."""
    key = rng.choice((_hex, _base64, _uuid, _letters))(rng)
    slug = rng.choice(("demo", "my-event", "B2B-SaaS-2026"))
    link = f"https://{rng.choice(HOSTS)}/e/{slug}/portal?userKey={key}&loginSource=MAGIC_LINK"
    return link, key


def token(rng: random.Random) -> str:
    """Return an access token."""
    return rng.choice((_hex, _base64, _uuid, _letters, _jwt, _padded))(rng)


def _hex(rng: random.Random) -> str:
    return f"a1{rng.getrandbits(128):032x}"


def _base64(rng: random.Random) -> str:
    return "k" + base64.urlsafe_b64encode(rng.randbytes(30)).decode().rstrip("=")


def _uuid(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _letters(rng: random.Random) -> str:
    return "q7" + "".join(rng.choices(string.ascii_letters + string.digits, k=30))


def _padded(rng: random.Random) -> str:
    return base64.b64encode(rng.randbytes(40)).decode()


def _jwt(rng: random.Random) -> str:
    parts = (
        b'{"alg":"HS256","typ":"JWT"}',
        b'{"sub":"%d"}' % rng.getrandbits(40),
        rng.randbytes(32),
    )
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _proofpoint_2(link: str) -> str:
    encoded = quote(link, safe=":/").replace("-", "-2D").replace("_", "-5F")
    encoded = encoded.replace("/", "_").replace(":", "-3A").replace("%", "-")
    return (
        f"https://urldefense.proofpoint.com/v2/url?u={encoded}&d=DwMFaQ&c=euGZstcaTDllvimEN8b7jXr"
    )


def _proofpoint_3(link: str) -> str:
    replaced = "".join(re.findall(r"[^\w:/?&.-]", link))
    encoded = re.sub(r"[^\w:/?&.-]", "*", link)
    characters = base64.urlsafe_b64encode(replaced.encode()).decode().rstrip("=")
    return f"https://urldefense.com/v3/__{encoded}__;{characters}!!NcRtQ1Xq!LkT0b7sVbXk$"


def _safe_link(link: str) -> str:
    filtered = f"https://eur03.safelinks.protection.outlook.com/?url={quote(link, safe='')}"
    return f"{filtered}&data=05%7C02%7Cada%40example.com%7C8f14e45f&sdata=aB3%2Fx%3D&reserved=0"


def _quoted_printable(link: str) -> str:
    encoded = link.replace("=", "=3D")
    return "=\n".join(encoded[i : i + 60] for i in range(0, len(encoded), 60))


# What may stand around links and tokens alike.
AROUND: Final[Ways] = {
    "as it is": str,
    "spaces": lambda text: f" \u00a0{text}\n\n",
    "straight quotes": lambda text: f'"{text}"',
    "single quotes": lambda text: f"'{text}'",
    "curly quotes": lambda text: f"\u201c{text}\u201d",
    "curly single quotes": lambda text: f"\u2018{text}\u2019",
    "German quotes": lambda text: f"\u201e{text}\u201c",
    "guillemets": lambda text: f"\u00ab\u00a0{text}\u00a0\u00bb",
    "code": lambda text: f"`{text}`",
    "code block": lambda text: f"```\n{text}\n```",
    "bold": lambda text: f"*{text}*",
    "angle brackets": lambda text: f"<{text}>",
    "round brackets": lambda text: f"({text})",
    "square brackets": lambda text: f"[{text}]",
    "invisible characters": lambda text: f"\u200b\ufeff{text}\u200b\u2060",
    "soft hyphens": lambda text: f"{text[:20]}\u00ad{text[20:]}",
    "entities": lambda text: text.replace("&", "&amp;"),
    "full stop": lambda text: f"{text}.",
    "sentence": lambda text: f"Here it is: {text}, I hope that it works!",
    "JSON": lambda text: json.dumps(
        {"accessToken": text, "tokenType": "Bearer", "expiresIn": 3600}
    ),
}
AROUND_LINKS: Final[Ways] = {
    "Slack's label": lambda link: f"<{link}|Join the event>",
    "Markdown": lambda link: f"[Join the event]({link})",
    "HTML": lambda link: f'<a href="{link.replace("&", "&amp;")}">Join the event</a>',
    "no scheme": lambda link: link.removeprefix("https://") if "://www." in link else link,
    "capitals": lambda link: link.replace("https://", "HTTPS://"),
    "SafeLinks": _safe_link,
    "SafeLinks with entities": lambda link: _safe_link(link).replace("&", "&amp;"),
    "SafeLinks in Slack": lambda link: f"<{_safe_link(link)}|Join>",
    "Proofpoint, version 2": _proofpoint_2,
    "Proofpoint, version 3": _proofpoint_3,
    "Google": lambda link: f"https://www.google.com/url?q={quote(link, safe='')}&sa=D&ust=1",
    "Google, not encoded": lambda link: f"https://www.google.com/url?q={link}",
    "Barracuda": lambda link: f"https://linkprotect.cudasvc.com/url?a={quote(link, safe='')}&c=E,1",
    "Cisco": lambda link: f"https://secure-web.cisco.com/1aBcD/{quote(link, safe='')}",
    "Slack's redirect": lambda link: f"https://slack-redir.net/link?url={quote(link, safe='')}",
    "base64": lambda link: (
        f"https://x.example/?u={base64.urlsafe_b64encode(link.encode()).decode()}"
    ),
    "two filters": lambda link: _safe_link(f"https://www.google.com/url?q={quote(link, safe='')}"),
    "quoted-printable": _quoted_printable,
    "JSON with slashes": lambda link: json.dumps({"link": link}).replace("/", "\\/"),
    "way back": lambda link: f"{link}&back=https%3A%2F%2Fwww.accelevents.com%2Fe%2Fdemo%2Fportal",
}
AROUND_TOKENS: Final[Ways] = {
    "scheme": lambda token: f"Bearer {token}",
    "scheme in lower case": lambda token: f"bearer  {token}",
    "header": lambda token: f"Authorization: Bearer {token}",
    "header without scheme": lambda token: f"authorization:{token}",
    "other header": lambda token: f"x-auth-token: {token}",
    "parameter": lambda token: f"access_token={token}",
    "cookie": lambda token: f"Cookie: token={token}; Path=/; HttpOnly",
    "curl": lambda token: f"curl -H 'Authorization: Bearer {token}' https://api.example.com/rest",
    "JSON with another token": lambda token: json.dumps(
        {"access_token": token, "refresh_token": "a1b2c3d4e5f6a7b8c9d0", "expires_in": 3600}
    ),
    "name": lambda token: f"Token: {token}",
    "quoted entities": lambda token: f"&quot;{token}&quot;",
}
