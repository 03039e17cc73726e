"""Apache Kafka on this machine: its jars, verified, in the user's cache folder, and a Java runtime to run them.

The jars are those of `distribution.lock.json`, byte for byte. They are downloaded once, with no Maven and no Java, and
checked at every start; afterwards no network is needed.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.kafka.errors import DistributionError
from pipeline.kafka.file_lock import locked
from pipeline.kafka.jars import JarFolder, read_lock
from pipeline.kafka.java import JavaRuntime, find_java
from pipeline.kafka.log_end import NO_SPACE

if TYPE_CHECKING:
    from pipeline.kafka.download import Progress

CACHE_NAME = "tldr-highlights"
_WAYS_OUT = (
    "What to do: go online once and try again (what has arrived is kept), "
    "or copy that folder from a machine that has it, "
    "or set KAFKA_BOOTSTRAP_SERVERS to a Kafka that runs already."
)
LOCK_TIMEOUT_S = 900.0  # another process may be downloading over a slow line


@dataclass(frozen=True, slots=True)
class Distribution:
    """A Kafka that can be run.

    Attributes:
        version: Kafka's version, such as `4.3.1`.
        folder: Where the jars are; also holds what speeds up later starts.
        class_path: The verified jars.
        java: The runtime to run them with.
    """

    version: str
    folder: Path
    class_path: tuple[Path, ...]
    java: JavaRuntime


def user_cache_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the user's cache folder for this program: below XDG_CACHE_HOME, or else ~/.cache."""
    home = (os.environ if environ is None else environ).get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / CACHE_NAME


async def ensure_distribution(
    cache_dir: Path | None = None,
    progress: "Progress | None" = None,
    *,
    repositories: Mapping[str, str] | None = None,
) -> Distribution:
    """Return a verified Kafka, downloading what is missing or damaged.

    Any number of processes may call this at once; one downloads, the others wait for it.

    Args:
        cache_dir: Where to keep it; the user's cache folder by default.
        progress: Told `(bytes done, bytes in all)` while downloading, from worker threads.
        repositories: Maven repositories by name, for a mirror; checked against the same SHA-256 sums.

    Raises:
        DistributionError: It could not be had, and what to do about it.
    """
    java = await asyncio.to_thread(find_java)
    lock = read_lock()
    jars = JarFolder((cache_dir or user_cache_dir()) / f"kafka-{lock.kafka}", lock)
    if await asyncio.to_thread(jars.unfit):
        async with exclusive(jars.path):
            await _download(jars, progress, repositories)
    return Distribution(lock.kafka, jars.path, jars.class_path, java)


async def _download(jars: JarFolder, progress: "Progress | None", repositories: Mapping[str, str] | None) -> None:
    unfit = await asyncio.to_thread(jars.unfit)  # again: who held the lock before us may have brought them
    if not unfit:
        return
    from pipeline.kafka.download import JarDownload  # noqa: PLC0415 - jgo costs 0.3 s, needed on the first start only

    download = JarDownload(jars, progress, repositories)
    try:
        await asyncio.to_thread(download.run, unfit)
    except DistributionError as error:
        text = f"Kafka {jars.lock.kafka} is not complete in {jars.path} and could not be downloaded: {error}"
        raise DistributionError(text if NO_SPACE in text else f"{text}\n{_WAYS_OUT}") from error
    except asyncio.CancelledError:
        download.cancel()
        raise


@asynccontextmanager
async def exclusive(folder: Path) -> AsyncIterator[None]:
    """Hold a cache folder against other processes.

    Raises:
        DistributionError: The folder cannot be written, or another process held it too long.
    """
    try:
        async with locked(folder.with_name(f"{folder.name}.lock"), LOCK_TIMEOUT_S):
            yield
    except TimeoutError as error:
        raise DistributionError(str(error)) from error
    except OSError as error:
        raise DistributionError(f"cannot write to the cache folder {folder.parent}: {error}") from error
