"""Words of ours that an option takes: one that does not exist would find nothing, and read as 'all clear'."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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


def number_of(number: int, thing: str) -> str:
    """Return ``1 request``, ``2 requests``."""
    return f"{number} {thing}{'s' * (number != 1)}"


def misspelt(given: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Return the names that are nearly a known one which is not given, each with that one."""
    from pipeline.settings.problems import did_you_mean

    missing = [name for name in known if name not in given]
    close = {name: did_you_mean(name.lower(), missing, cutoff=0.8) for name in given if name not in known}
    return {name: meant for name, meant in close.items() if meant}


def unknown_fields(given: Collection[str], known: Collection[str]) -> list[str]:
    """Say of each field that is not known which one may be meant."""
    begun = {name: [one for one in known if one.startswith(f"{name}_") and one not in given] for name in given}
    close = {name: ones[0] for name, ones in begun.items() if ones} | misspelt(given, known)
    return [
        f"unknown field {name}: "
        + (f"did you mean {close[name]}?" if name in close else f"there are {', '.join(known)}")
        for name in given
        if name not in known
    ]
