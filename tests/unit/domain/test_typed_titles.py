"""Titles, typed in the ways of phones, keyboards and Slack: the session is found, none refused."""

from __future__ import annotations

import unicodedata

import pytest

from slackbot.domain.sessions import choose
from slackbot.domain.text import clean
from tests.fuzz.typed_titles import ordinary_titles, typed_titles
from tests.harness.fakes import NOON, session
from tests.harness.typing import WAYS

SEED = 5


def test_a_title_is_found_however_it_is_typed() -> None:
    """Of many sessions the one is found; `make fuzz` types 10,000 titles in every way."""
    result = typed_titles(300, SEED)
    assert result.tried >= 300 * len(WAYS)
    assert result.passed, "\n".join([str(result), *result.samples])


def test_no_ordinary_title_is_taken_for_a_secret() -> None:
    """Neither words nor compounds are; `make fuzz` has 10,000 of them."""
    result = ordinary_titles(1_000, SEED)
    assert result.passed, "\n".join([str(result), *result.samples])


@pytest.mark.parametrize(
    ("shown", "typed"),
    [
        ("Speakers’ Lounge", "speakers' lounge"),
        ("Speakers' Lounge", "speakers’ lounge"),
        ("Speakers' Lounge", "speakers lounge"),
        ("Women's Breakfast", "“women‘s breakfast”"),
        ("Founders", "*founders*"),
        ("Founders", "`founders`"),
        ("Founders", "\u200bfounders\ufeff"),
        ("🚀 Launch", ":rocket: launch"),
        ("🚀 Launch", "launch 🚀"),
        ("🚀 Launch", "launch"),
        ("Launch :rocket:", "🚀 launch"),
        ("👋🏽 Welcome", ":wave::skin-tone-4: welcome"),
        ("👩‍💻 Coders", ":female-technologist: coders"),
        ("🇩🇪 Treffen", ":flag-de: treffen"),
        ("❤️ for data", "❤ for data"),
        ("Café", "Cafe\u0301"),
        ("Cafe\u0301", "CAFÉ"),
        ("Café", "cafe"),
        ("İstanbul", "istanbul"),
        ("Istanbul", "İSTANBUL"),
        ("Işık", "ışık"),
        ("Launch Party", "Ｌａｕｎｃｈ　Ｐａｒｔｙ"),
        ("Launch Party", "launch party!"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Łódź", "lodz"),
        ("Đà Nẵng", "da nang"),
        ("Smørrebrød", "smorrebrod"),
        ("パーティー", "ﾊﾟｰﾃｨｰ"),
        ("पार्टी", "पार्टी"),
        ("شراكة", "شِرَاكة"),
        ("גישה", "גִּישָׁה"),
        ("R&D", "R&amp;D"),
        ("R&D", "r and d"),
        ("3–4 pm: Q&A", "3-4 pm q&a"),
        ("Founders — Lunch", "founders -- lunch"),
        ("Don’t panic…", "dont panic..."),
        ("C# and F#", "c# and f#"),
        ("C++", "c++"),
        ("½ Day", "1/2 day"),
        ("Ⅳ. Panel", "iv panel"),
        ("Founders", "#founders"),
        ("★★★", "★★★"),
        ("Web3/DeFi", "web3 defi"),
        ("Ask_Me_Anything", "ask me anything"),
        ("Mixer (after dark)", "mixer after dark"),
        ("COVID-19 Roundtable", "covid19 roundtable"),
        ("Speed-Networking", "speednetworking"),
        ("1️⃣ Introductions", "1 introductions"),
        ("Founders", "the founders session"),
        ("Founders", "session: founders, please"),
        # Unicode forms, as keyboards and file systems write them.
        ("forêt", "fore\u0302t"),  # Engazan/KimaiTray#27
        ("gro\u0308ssen", "grö"),  # zed-industries/zed#30503
        ("e\u0301te\u0301", "été"),  # atom/fuzzy-finder#340
        ("학점인정", unicodedata.normalize("NFD", "학점인정")),  # lidge-jun/aside-codemode#30
        ("ｈｉｔｏｒｏ", "hitoro\u200b\ufeff"),  # lingdojo/kana-dojo#26301
        ("Room 1234567890", "room １２３４５６７８９０"),  # s-yadav/react-number-format#823
        # Letters that are spelt out.
        ("Münster", "muenster"),  # osm-search/Nominatim#2572
        ("Treffen in Lo\u0308hningen", "loehningen"),  # pelias/schema#74
        ("Öffi", "Oeffi"),  # ligi/FAST#16
        ("Übermann", "uebermann"),  # PCJones/UmlautAdaptarr#72
        ("Die Aerzte", "die ärzte"),  # rembo10/headphones#2146
        ("Müller", "muller"),
        # Turkish.
        ("İnşaat", "inşaat"),  # 4gray/iptvnator#609
        ("Ünlü", "ünlü"),  # 4gray/iptvnator#609
        ("Çan", "çan"),  # 4gray/iptvnator#609
        ("Işık TV", "ışık tv"),  # 4gray/iptvnator#1612
        ("İstanbul", "Istanbul"),  # miteshpithadiya/SearchableSpinner#113
        ("istanbul", "ıstanbul"),  # miteshpithadiya/SearchableSpinner#113
        ("NOMİNAL", "nominal"),  # translate/translate#1065
        # Quotes, dashes and spaces of phones and computers.
        ("Tim's Coffee", "tim‘s coffee"),  # zencart/zencart#5268
        ("my prompt", "“my prompt”"),  # errbotio/errbot#1094
        ("my prompt", "‘my prompt’"),  # saltstack/salt#40653
        ("Matt. 1:21–28", "matt 1:21-28"),  # STEPBible/step#54
        ("[4–8] people", "[4-8] people"),  # ahrm/sioyek#1024
        ("Speed\u00addating", "speeddating"),  # eclipse-scout/scout.rt#2324
        ("pods --namespace", "pods —namespace"),  # harbur/kubebot#9
        ("main --create", "main —create"),  # blinksh/blink#2221
        ("First Mixer", "first\u00a0mixer\u00a0"),  # python-telegram-bot/python-telegram-bot#200
        ("محمد", "\u200fمحمد\u200e"),  # DiscipleTools/disciple-tools-theme#627
        ("Hall 7", "\u2066hall\u2069 7"),  # spencermountain/out-of-character#90
        # Emoji with skin tones.
        ("👍 Sign-off", ":+1::skin-tone-2: sign-off"),  # Iteam1337/sonos-wejay#41
        ("🎅 Party", ":santa::skin-tone-3: party"),  # Kikobeats/emojis-keywords#10
        ("👋🏻 Hello", ":wave::skin-tone-2: hello"),  # felldo/JEmoji#53
        ("👍🏿 Thanks", "👍 thanks"),  # mathiasbynens/emoji-regex#39
        # What Slack makes of it.
        ("AT&T", "AT&amp;T"),  # howdyai/botkit#240
        ("a < b", "a &lt; b"),  # arjunattam/vscode-chat#278
        ("R&amp;D", "R&amp;amp;D"),  # ekmartin/slack-irc#161
        ("We've met", "we&#39;ve met"),  # tryfabric/mack#21
        # Sorunome/mx-puppet-slack#15
        ("example.com meetup", "<http://example.com|example.com> meetup"),
        # scrapinghub/slackbot#86
        ("Ask me@example.com", "ask <mailto:me@example.com|me@example.com>"),
    ],
)
def test_examples(shown: str, typed: str) -> None:
    """Each was reported for this bot or for another program that compares what people type."""
    others = [session(1, "Something else"), session(3, "Coffee")]
    assert choose([*others, session(2, shown)], clean(typed), NOON).id == 2


@pytest.mark.parametrize(
    "typed",
    ["#11645", "11645.", "session 11645", "Session #11645", "No. 11645", "１１６٤٥", "*11645*",
     "the one with id 11645, please", "https://www.accelevents.com/e/demo/portal/schedule/11645",
     "<https://www.accelevents.com/e/demo/portal/schedule/11645|Coffee>", "session11645",
     "\u200e11645\u202c", "11645\u00a0", "sid=11645", "?sessionId=11645"],
)  # fmt: skip
def test_an_id_is_found_in_what_is_typed(typed: str) -> None:
    """With signs and words around it, or as the link of a session."""
    assert choose([session(7), session(11645, "Coffee")], clean(typed), NOON).id == 11645


def test_a_title_with_a_number_comes_before_an_id() -> None:
    """A title that is typed whole is meant, and of two alike the one with the same marks."""
    sessions = [session(7, "Coffee"), session(2026, "Session 7"), session(9, "Résumé"),
                session(10, "Resume")]  # fmt: skip
    assert choose(sessions, "session 7", NOON).id == 2026
    assert choose(sessions, "7", NOON).id == 7
    assert choose(sessions, "résumé", NOON).id == 9
    assert choose(sessions, "RESUME", NOON).id == 10
