"""Takes a secret out of what a server sends back, in whatever form it is echoed."""

from __future__ import annotations

import functools
import re

_MASK = b"***"
_SIGNS = (b"\\", b"%", b"&#")  # of an escape


def without_secret(data: bytes, secret: str) -> bytes:
    """The data with the secret masked: as it is, or with letters escaped as in JSON, in an address or in HTML.

    >>> without_secret(b'Wrong key a/b, a\\\\/b, a\\\\u002fb, a%2fb and a&#47;b', "a/b")
    b'Wrong key ***, ***, ***, *** and ***'
    """
    if not secret:
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
