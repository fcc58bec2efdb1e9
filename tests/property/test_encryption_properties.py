"""Values decrypt only with the right key, workspace, person and purpose, and unchanged."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.storage.encryption import Cipher, DecryptionFailed, new_key, parse_keys

modest = settings(max_examples=60, deadline=None)

keys = st.binary(min_size=32, max_size=32)
plains = st.binary(max_size=200)
words = st.text(max_size=8)
people = st.builds(Person, words.map(TeamId), words.map(UserId))
BASE64URL = string.ascii_letters + string.digits + "-_"


@modest
@given(keys, plains, people, words)
def test_an_encrypted_value_decrypts(key: bytes, plain: bytes, person: Person, purpose: str):
    """Any bytes come back whole, and never encrypt alike twice."""
    cipher = Cipher([key])
    encrypted = cipher.encrypt(plain, person=person, purpose=purpose, row="r")
    assert cipher.decrypt(encrypted, person=person, purpose=purpose, row="r") == plain
    assert encrypted != cipher.encrypt(plain, person=person, purpose=purpose, row="r")
    assert cipher.is_current(encrypted)


@modest
@given(keys, st.text(), people)
def test_text_decrypts_as_utf8(key: bytes, plain: str, person: Person):
    """Text can be encrypted as it is."""
    cipher = Cipher([key])
    encrypted = cipher.encrypt(plain, person=person, purpose="token", row="r")
    assert cipher.decrypt(encrypted, person=person, purpose="token", row="r").decode() == plain


@modest
@given(plains, words, words, words, words, st.integers(0, 3), words)
def test_a_moved_value_does_not_decrypt(
    plain: bytes, team: str, user: str, purpose: str, row: str, moved: int, other: str
):
    """It is useless if only its workspace, person, purpose or row is another."""
    place = [team, user, purpose, row]
    elsewhere = [*place]
    elsewhere[moved] = other
    assume(place != elsewhere)
    cipher = Cipher([bytes(32)])
    encrypted = cipher.encrypt(plain, **place_of(*place))
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(encrypted, **place_of(*elsewhere))


def place_of(team: str, user: str, purpose: str, row: str) -> dict[str, Any]:
    return {"person": Person(TeamId(team), UserId(user)), "purpose": purpose, "row": row}


@modest
@given(st.text(min_size=1, max_size=6), st.text(min_size=1, max_size=6), st.data())
def test_workspace_and_person_are_kept_apart(one: str, two: str, data: st.DataObject):
    """The same letters split differently are another workspace and person."""
    whole = one + two
    cut = data.draw(st.integers(0, len(whole)).filter(lambda at: at != len(one)))
    cipher = Cipher([bytes(32)])
    encrypted = cipher.encrypt(
        "x", person=Person(TeamId(one), UserId(two)), purpose="call", row="r"
    )
    elsewhere = Person(TeamId(whole[:cut]), UserId(whole[cut:]))
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(encrypted, person=elsewhere, purpose="call", row="r")


@modest
@given(plains, people, st.data())
def test_one_changed_character_is_noticed(plain: bytes, person: Person, data: st.DataObject):
    """A value with any character changed, added or removed does not decrypt."""
    cipher = Cipher([bytes(32)])
    encrypted = cipher.encrypt(plain, person=person, purpose="token", row="r")
    at = data.draw(st.integers(0, len(encrypted) - 1))
    kind = data.draw(st.sampled_from(["changed", "added", "taken"]))
    new = data.draw(st.sampled_from(BASE64URL + ".=\n é"))
    assume(kind != "changed" or new != encrypted[at])
    middle = {"changed": new, "added": new + encrypted[at], "taken": ""}[kind]
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(
            encrypted[:at] + middle + encrypted[at + 1 :], person=person, purpose="token", row="r"
        )


def test_every_flipped_bit_is_noticed():
    """Every single bit of an encrypted value, one after the other."""
    cipher, person = Cipher([bytes(32)]), Person(TeamId("T"), UserId("U"))
    encrypted = cipher.encrypt("secret", person=person, purpose="token", row="r").encode()
    for bit in range(len(encrypted) * 8):
        flipped = bytearray(encrypted)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecryptionFailed):
            cipher.decrypt(flipped.decode("latin-1"), person=person, purpose="token", row="r")


@modest
@given(st.text(max_size=120), people)
def test_junk_is_no_encrypted_value(junk: str, person: Person):
    """Any text is refused with the documented error."""
    with pytest.raises(DecryptionFailed):
        Cipher([bytes(32)]).decrypt(junk, person=person, purpose="token", row="r")


@modest
@given(st.lists(keys, min_size=2, max_size=4, unique=True), plains, people)
def test_old_keys_decrypt_until_they_are_removed(ring: list[bytes], plain: bytes, person: Person):
    """Their values are readable but not current; once the key is removed they are not."""
    old, rotated, gone = Cipher(ring[-1:]), Cipher(ring), Cipher(ring[:-1])
    encrypted = old.encrypt(plain, person=person, purpose="token", row="r")
    assert rotated.decrypt(encrypted, person=person, purpose="token", row="r") == plain
    assert not rotated.is_current(encrypted)
    again = rotated.encrypt(plain, person=person, purpose="token", row="r")
    assert rotated.is_current(again)
    assert gone.decrypt(again, person=person, purpose="token", row="r") == plain
    with pytest.raises(DecryptionFailed):
        gone.decrypt(encrypted, person=person, purpose="token", row="r")


@modest
@given(st.integers(1, 4))
def test_new_keys_are_valid(count: int):
    """Every generated key can be used, alone or in a list."""
    assert len(parse_keys(",".join(new_key() for _ in range(count)))) == count
