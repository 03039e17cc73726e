"""The ledger's own state record: how far each input topic has been applied."""

from __future__ import annotations

import msgspec

POSITION_PREFIX = "position/"


class Position(msgspec.Struct, kw_only=True):
    """The last applied offset of one input topic; kept under ``position/<topic short name>``."""

    state_version: int = 1
    offset: int


_decoder = msgspec.json.Decoder(Position)


def decode_position(value: bytes) -> Position:
    """Decode a position; fields a newer version added are ignored."""
    return _decoder.decode(value)
