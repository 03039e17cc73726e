"""The mark of a submission among its custom tags: options are what the API shows again of a stream.

A submission whose reply was lost is found by it. It is no word of anybody's, so it is taken off again before highlights
are compared or published.
"""

from __future__ import annotations

MARK = "tldr-nonce-"


def mark_of(nonce: str) -> str:
    """Return the custom tag that carries a nonce."""
    return MARK + nonce


def unmarked(tags: list[str]) -> list[str]:
    """Return the tags without marks."""
    return [tag for tag in tags if not tag.startswith(MARK)]
