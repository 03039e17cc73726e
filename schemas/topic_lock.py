"""What can never change about a topic that was public: its key and the rule that places a record.

Kafka has no place for either, so they are kept in ``schemas/topics.lock.json``. Records written before a change would
stay where they are, and one request would have two owners. ``python -m schemas.topic_lock --write`` adds new topics.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from schemas.catalogue import Catalogue, TopicSpec, load

FILE = Path(__file__).parent / "topics.lock.json"

Lock = Mapping[str, Mapping[str, str]]
"""For each topic name: ``key``, ``key_format`` and ``partitioner``."""


def entry(spec: TopicSpec) -> dict[str, str]:
    """Return what is locked of a topic."""
    return {"key": spec.key, "key_format": spec.key_format, "partitioner": spec.partitioner}


def read(file: Path = FILE) -> Lock:
    """Read a lock file."""
    locked: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
    return locked


def rekeyed(catalogue: Catalogue, lock: Lock) -> dict[str, str]:
    """Return, by topic name, how the catalogue contradicts the lock."""
    found = {}
    for spec in catalogue.topics.values():
        was, now = lock.get(spec.name), entry(spec)
        if was is not None and was != now:
            changes = [
                f"{field} was {was.get(field)!r}, is {now[field]!r}" for field in now if was.get(field) != now[field]
            ]
            found[spec.name] = f"a topic is never re-keyed ({'; '.join(changes)}); make a new version of it"
    return found


def unlocked(catalogue: Catalogue, lock: Lock) -> list[str]:
    """Return the names of topics that the lock does not know yet."""
    return [spec.name for spec in catalogue.topics.values() if spec.name not in lock]


def main(arguments: list[str]) -> int:
    """Check, or with ``--write`` add new topics. Returns 1 and says why when a locked one differs."""
    catalogue = load()
    lock = read() if FILE.exists() else {}
    found = [f"{name}: {what}" for name, what in rekeyed(catalogue, lock).items()]
    if arguments == ["--write"]:
        added = {spec.name: entry(spec) for spec in catalogue.topics.values() if spec.name not in lock}
        FILE.write_text(json.dumps(dict(sorted({**lock, **added}.items())), indent=2) + "\n", "utf-8")
    else:
        found += [
            f"{name}: not locked yet; run python -m schemas.topic_lock --write" for name in unlocked(catalogue, lock)
        ]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
