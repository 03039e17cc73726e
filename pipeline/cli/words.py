"""Words of ours that an option takes: one that does not exist would find nothing, and read as 'all clear'."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.cli.errors import CommandError
from pipeline.worker.exit_codes import ExitCode


def check_word(option: str, word: str | None, known: Sequence[str]) -> None:
    """Refuse a word that is none of those there are.

    Raises:
        CommandError: it is not; the text names the option, the closest word and all of them.
    """
    from pipeline.settings.problems import did_you_mean

    if word is None or word in known:
        return
    close = did_you_mean(word, known, cutoff=0.75)
    meant = f"did you mean {close}?" if close else ""
    raise CommandError(ExitCode.SETTINGS, f"{option} {word!r} does not exist", meant, f"use one of {', '.join(known)}")
