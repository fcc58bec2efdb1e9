"""Sealing opens only with the right key, workspace, person and purpose, and nothing changed."""

from __future__ import annotations

import string

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
def test_what_is_sealed_opens_again(key: bytes, plain: bytes, person: Person, purpose: str):
    """Any bytes come back whole, never sealed alike twice and never standing in the seal."""
    cipher = Cipher([key])
    sealed = cipher.encrypt(plain, person=person, purpose=purpose)
    assert cipher.decrypt(sealed, person=person, purpose=purpose) == plain
    assert sealed != cipher.encrypt(plain, person=person, purpose=purpose)
    assert cipher.is_current(sealed)


@modest
@given(keys, st.text(), people)
def test_text_opens_as_its_utf8(key: bytes, plain: str, person: Person):
    """Text may be sealed as it is."""
    cipher = Cipher([key])
    sealed = cipher.encrypt(plain, person=person, purpose="token")
    assert cipher.decrypt(sealed, person=person, purpose="token").decode() == plain


@modest
@given(plains, people, words, people, words)
def test_a_moved_value_stays_shut(
    plain: bytes, person: Person, purpose: str, other: Person, other_purpose: str
):
    """In another workspace's, person's or purpose's place it cannot be opened."""
    assume((person, purpose) != (other, other_purpose))
    cipher = Cipher([bytes(32)])
    sealed = cipher.encrypt(plain, person=person, purpose=purpose)
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(sealed, person=other, purpose=other_purpose)


@modest
@given(st.text(min_size=1, max_size=6), st.text(min_size=1, max_size=6), st.data())
def test_the_bounds_between_the_names_count(one: str, two: str, data: st.DataObject):
    """The same letters split otherwise into workspace and person are another place."""
    whole = one + two
    cut = data.draw(st.integers(0, len(whole)).filter(lambda at: at != len(one)))
    cipher = Cipher([bytes(32)])
    sealed = cipher.encrypt("x", person=Person(TeamId(one), UserId(two)), purpose="call")
    elsewhere = Person(TeamId(whole[:cut]), UserId(whole[cut:]))
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(sealed, person=elsewhere, purpose="call")


@modest
@given(plains, people, st.data())
def test_one_changed_character_is_noticed(plain: bytes, person: Person, data: st.DataObject):
    """Any character changed, added or taken away keeps the value shut."""
    cipher = Cipher([bytes(32)])
    sealed = cipher.encrypt(plain, person=person, purpose="token")
    at = data.draw(st.integers(0, len(sealed) - 1))
    kind = data.draw(st.sampled_from(["changed", "added", "taken"]))
    new = data.draw(st.sampled_from(BASE64URL + ".=\n é"))
    assume(kind != "changed" or new != sealed[at])
    middle = {"changed": new, "added": new + sealed[at], "taken": ""}[kind]
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(sealed[:at] + middle + sealed[at + 1 :], person=person, purpose="token")


def test_every_flipped_bit_is_noticed():
    """Each single bit of a sealed text, one after the other."""
    cipher, person = Cipher([bytes(32)]), Person(TeamId("T"), UserId("U"))
    sealed = cipher.encrypt("secret", person=person, purpose="token").encode()
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecryptionFailed):
            cipher.decrypt(flipped.decode("latin-1"), person=person, purpose="token")


@modest
@given(st.text(max_size=120), people)
def test_junk_is_no_sealed_value(junk: str, person: Person):
    """Whatever stands in the column, it is refused in the one known way."""
    with pytest.raises(DecryptionFailed):
        Cipher([bytes(32)]).decrypt(junk, person=person, purpose="token")


@modest
@given(st.lists(keys, min_size=2, max_size=4, unique=True), plains, people)
def test_old_keys_open_and_ask_for_resealing(ring: list[bytes], plain: bytes, person: Person):
    """With a new key in front the old values open; once the old key is gone they do not."""
    old, rotated, gone = Cipher(ring[-1:]), Cipher(ring), Cipher(ring[:-1])
    sealed = old.encrypt(plain, person=person, purpose="token")
    assert rotated.decrypt(sealed, person=person, purpose="token") == plain
    assert not rotated.is_current(sealed)
    again = rotated.encrypt(plain, person=person, purpose="token")
    assert rotated.is_current(again)
    assert gone.decrypt(again, person=person, purpose="token") == plain
    with pytest.raises(DecryptionFailed):
        gone.decrypt(sealed, person=person, purpose="token")


@modest
@given(st.integers(1, 4))
def test_new_keys_are_taken(count: int):
    """Every key that is made anew can be used, alone or in a list."""
    assert len(parse_keys(",".join(new_key() for _ in range(count)))) == count
