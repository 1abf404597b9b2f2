"""Takes a secret out of what a server sends back, in whatever form it is echoed."""

from __future__ import annotations

import functools
import re

SHORTEST_KEY = 8  # characters
_MASK = b"***"
_SIGNS = (b"\\", b"%", b"&#")  # of an escape


def without_secret(data: bytes, secret: str) -> bytes:
    """The data with the secret masked: as it is, or with letters escaped as in JSON, in an address or in HTML.

    A secret of fewer than eight characters is none: it is what people set for a server that wants no key (``EMPTY``,
    ``none``, ``x``), and may be a word of an answer.

    >>> without_secret(b'Wrong key secret/b, secret\\\\/b, secret\\\\u002fb, secret%2fb and secret&#47;b', "secret/b")
    b'Wrong key ***, ***, ***, *** and ***'
    """
    if len(secret) < SHORTEST_KEY:
        return data
    if not any(sign in data for sign in _SIGNS):
        return data.replace(secret.encode(), _MASK)
    return _pattern(secret).sub(_MASK, data)


@functools.lru_cache(maxsize=8)
def _pattern(secret: str) -> re.Pattern[bytes]:
    return re.compile(b"".join(_any_form(letter) for letter in secret.encode()))


def _any_form(letter: int) -> bytes:
    """A pattern for one letter; escapes may be escaped again."""
    plain, code = re.escape(bytes([letter])), f"{letter:02x}".encode()
    escapes = [
        rb"\\+u00(?i:%b)" % code,  # JSON
        rb"\\+x(?i:%b)" % code,  # Python
        rb"%%(?:25)*(?i:%b)" % code,  # an address
        rb"&\#0*%d;" % letter,  # HTML
        rb"&\#[xX]0*(?i:%b);" % code,
    ]
    return rb"(?:\\*%b|%b)" % (plain, b"|".join(escapes))
