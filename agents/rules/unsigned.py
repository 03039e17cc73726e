"""Free-form values without what signs the URLs in them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from agents.rules.links import bare

_URL = re.compile(r"(https?://[^\s?#\"<>]*)(?:[?#][^\s\"<>]*)?", re.IGNORECASE)
_BEGINS = re.compile(r"https?://", re.IGNORECASE)
_PARAMETER = re.compile(r"[?&][\w.-]+=")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')

_SLASH = ord("/")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def unsigned(values: dict[str, Any], written: bytes | None = None) -> dict[str, Any]:
    """Return free-form values in which each http URL, at any depth, is without query and fragment.

    In names as well: that two of them could become one is the lesser harm.

    Args:
        values: from JSON. They are returned themselves, and not as a copy, when there is no URL in them.
        written: the values as JSON, if that is made already.
    """
    if written is None:
        written = _encode(values)
    # most hold no URL, which the bytes tell without a look at each value; for one byte that takes next to no time
    if _SLASH not in written or b"://" not in written:
        return values
    # over the text of the strings, names included, and so without recursion: the values may be nested deeply
    plain: dict[str, Any] = _decode(_STRING.sub(_bare_string, written))
    return plain


def _bare_string(found: re.Match[bytes]) -> bytes:
    string = found[0]
    return _encode(_bare_text(_decode(string))) if b"://" in string else string


def _bare_text(text: str) -> str:
    plain = _URL.sub(r"\1", text)
    # a URL with a space in it ends where the space is, and what signs it may stand behind: then words are lost as well
    return bare(text) if _BEGINS.match(text) and _PARAMETER.search(plain) else plain
