"""Training and validation parts, split by imprint: the same pill is photographed several times."""

from __future__ import annotations

import hashlib

from reference.text.imprints import imprint_key


def is_validation(imprint: str) -> bool:
    """Whether photos of that imprint belong to the validation part (one imprint in five, by SHA-1)."""
    return hashlib.sha1(imprint_key(imprint).encode()).digest()[0] % 5 == 0
