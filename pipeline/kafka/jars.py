"""Kafka's jars as the committed lock names them, and the check that a folder holds exactly those bytes.

Hashing all 45 MB takes about 25 ms, so it is done at every start; no marker file could be staler than that.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

LOCK_FILE = Path(__file__).with_name("distribution.lock.json")


class LockedJar(msgspec.Struct, frozen=True):
    """One jar: its Maven coordinate (`group:artifact:version`), size in bytes and SHA-256 in hex."""

    coordinate: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the jar in the cache folder."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


class Lock(msgspec.Struct, frozen=True):
    """What one Kafka version is made of."""

    kafka: str
    jars: tuple[LockedJar, ...]

    @property
    def size(self) -> int:
        """Bytes of all jars together."""
        return sum(jar.size for jar in self.jars)


@dataclass(frozen=True, slots=True)
class JarFolder:
    """A folder that holds, or shall hold, the jars of a lock."""

    path: Path
    lock: Lock

    @property
    def class_path(self) -> tuple[Path, ...]:
        """Paths of all jars, in the lock's order."""
        return tuple(self.path / jar.file_name for jar in self.lock.jars)

    def unfit(self) -> list[LockedJar]:
        """Return the jars that are missing or whose bytes are not those of the lock."""
        with ThreadPoolExecutor(4) as pool:
            fits = list(pool.map(lambda jar: is_intact(self.path / jar.file_name, jar), self.lock.jars))
        return [jar for jar, fit in zip(self.lock.jars, fits, strict=True) if not fit]


def is_intact(file: Path, jar: LockedJar) -> bool:
    """Tell whether `file` holds exactly the bytes that the lock names for `jar`."""
    try:
        with file.open("rb") as stream:
            return file.stat().st_size == jar.size and hashlib.file_digest(stream, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


def read_lock(file: Path = LOCK_FILE) -> Lock:
    """Read the committed lock."""
    return msgspec.json.decode(file.read_bytes(), type=Lock)
