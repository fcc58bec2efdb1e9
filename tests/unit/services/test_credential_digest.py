"""Digests of credentials, which nobody can guess at without the secret keys."""

from __future__ import annotations

import hashlib

from slackbot.services.credential_digest import CredentialDigest

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
TYPED = "expo\x1fa-token"


def test_the_same_credential_has_the_same_digest():
    """In every process, and with older keys beside the newest."""
    assert CredentialDigest([NEW])(TYPED) == CredentialDigest([NEW, OLD])(TYPED)
    assert CredentialDigest([NEW])(TYPED) != CredentialDigest([NEW])(TYPED + "x")


def test_a_digest_cannot_be_tried_without_the_key():
    """It is no plain hash, and another key gives another digest."""
    digest = CredentialDigest([NEW])(TYPED)
    assert digest != hashlib.sha256(TYPED.encode()).hexdigest()
    assert digest != CredentialDigest([OLD])(TYPED)
    assert "expo" not in repr(CredentialDigest([NEW]))
