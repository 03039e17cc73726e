"""Keep secrets out of texts that people and logs will see."""

import re

_SCHEME = r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.\-]*://)"
_USERINFO = re.compile(_SCHEME + r"[^\s/?#@\"'<>]+@")
_QUERY = re.compile(_SCHEME + r"(?P<place>[^\s?#\"'<>]*)[?#][^\s\"'<>]*")
LONGEST_TEXT = 300
"""Characters of a vendor's text that an error shows."""


def redact_urls(text: str) -> str:
    """Return `text` with user names, passwords, query strings and fragments taken out of its URLs."""
    return _QUERY.sub(r"\g<scheme>\g<place>?[redacted]", _USERINFO.sub(r"\g<scheme>[redacted]@", text))


def safe_text(text: str) -> str:
    """Return `text` on one line, without the secrets of its URLs, at most `LONGEST_TEXT` characters."""
    line = "".join(character if character.isprintable() else " " for character in redact_urls(text))
    return line if len(line) <= LONGEST_TEXT else line[:LONGEST_TEXT] + "..."
