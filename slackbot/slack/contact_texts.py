"""The sentences about swapping contacts and about reports, written as those of `texts.py` are."""

from __future__ import annotations

from typing import Final

# --- swapping contacts ---------------------------------------------------------------------------
IN_THIS_SLACK: Final = "{name} is in this Slack too. Swap contacts, if you both want to?"
SWAP_ASK: Final = (
    "*{name} is in this Slack too.*\n"
    "You were matched in {title}, {at:when}.\n"
    "Swap contacts, and I'll open a direct message for the two of you."
)
SWAP_SMALL: Final = (
    "I ask you both  ·  unless you both say yes, neither of you hears what the other said"
)
SWAP_YES: Final = (
    "*Noted.* If it's mutual, I'll open a direct message for the two of you. "
    "If not, {name} never hears that you said yes."
)
SWAP_NO: Final = "*All right.* Nobody hears of it, and I won't ask again."
SWAP_WITHDRAWN: Final = "*Taken back.* It's as if you hadn't answered."
SWAP_AGREED: Final = (
    "*You and {name} have both said yes,* so this can't be taken back. "
    "You hear of it in your direct messages."
)
SWAP_GONE: Final = (
    "*I can't swap contacts with this person any more.* "
    "One of you has disconnected, or the match is no longer kept."
)
NO_OFFERS: Final = (
    "*There's nobody to ask about.*\n"
    "I ask about people you were matched with who use me in this Slack, once for each of them."
)
SWAP_DONE: Final = "{you}, {partner}: *you both said yes.*"
SWAP_DONE_MET: Final = "You were matched in {title}, {at:when}. Over to you."
SWAP_DONE_MET_AT: Final = "You were matched {at:when}. Over to you."
SWAP_STARTER: Final = "A place to start:"
SWAP_DONE_SMALL: Final = "I opened this conversation, and I can't read what you write in it"
SWAP_DONE_APART: Final = (
    "*{partner} and you both said yes* to swapping contacts.\n"
    "Press the name to write to each other."
)
# Questions to begin with, by what is known of the two people. `{one}` and `{other}` are companies.
STARTERS: Final = {
    "same_company": "You both work at {one}. How come you met here, and not there?",
    "same_title": "You're both {title}. What does that mean where each of you works?",
    "both_companies": "What would {one} and {other} have to talk about, if companies could?",
    "one_company": "What is the most surprising thing about working at {one}?",
    "titles": "Which part of your work would the other one never guess?",
    "unknown": "What would you have asked with five more minutes?",
}

# --- reports -------------------------------------------------------------------------------------
REPORT_TITLE: Final = "Report somebody"
REPORT_ABOUT: Final = (
    "*You're reporting {name}.*\n"
    "The admins who look after this app get your name, theirs and what you write. "
    "{name} doesn't hear of it."
)
REPORT_LABEL: Final = "What happened?"
REPORT_HINT: Final = "A sentence is enough. Once the admins have it, I delete it here."
REPORT_SUBMIT: Final = "Report"
REPORTED: Final = (
    "*Thank you, I'm passing it on to the admins.* They see your name and {name}'s, and what you "
    "wrote. Nobody else hears of it."
)
REPORT_PICK: Final = "*Whom do you want to report?*"
REPORT_ONE: Final = "{name}\n{at:when}  ·  {title}"
NOBODY_TO_REPORT: Final = (
    "*There's nobody to report here.* If something happened, tell a Slack admin or the organisers."
)
REPORT_GONE: Final = (
    "*I can't pass this report on.* Please tell a Slack admin or the organisers directly."
)
REPORT_NOT_OPENED: Final = (
    "*The form didn't open, because Slack took too long.* Press the button to open it again."
)
REPORT_NOTICE: Final = "*{reporter} reports {name}.*"
REPORT_ROLE: Final = "{role}"
REPORT_WHO: Final = "In this Slack, {name} is {partner}."
REPORT_WHEN: Final = "They were matched in {title}, {at:when}."
REPORT_WORDS: Final = "They write:"
REPORT_SMALL: Final = (
    "You get this because you're an admin of this app  ·  {name} doesn't hear of it"
)

# --- buttons -------------------------------------------------------------------------------------
BUTTON_SWAP: Final = "Swap contacts"
BUTTON_SWAP_NO: Final = "No, thanks"
BUTTON_UNDO: Final = "Undo"
BUTTON_REPORT: Final = "Report"
