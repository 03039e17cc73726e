"""Downloads jars through jgo so that only whole, verified ones ever appear in the cache folder.

jgo writes straight to the final name and would take a half-written file for a cached one, so it works in a staging
folder that is thrown away; a jar whose SHA-256 is right is moved into place in one step. Jars that arrived before an
interruption stay, the others start again.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from pipeline.kafka.errors import DistributionError
from pipeline.kafka.jars import JarFolder, LockedJar, is_intact

WORKERS = 4
ATTEMPTS = 2  # a damaged jar is fetched once more, then it is an error
SILENCE_S = 20  # a connection that brings nothing for so long is dead
_STAGING_PREFIX = "incoming-"

Progress = Callable[[int, int], None]
"""Told `(bytes done, bytes in all)`; called from worker threads, never two at once."""


class JarDownload:
    """One download of the jars that a folder lacks."""

    def __init__(
        self, folder: JarFolder, progress: Progress | None = None, repositories: Mapping[str, str] | None = None
    ) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            folder: Where the jars shall be.
            progress: Told how far it is.
            repositories: Maven repositories by name; by default the public one and those of the user's jgo settings.
        """
        self._folder = folder
        self._progress = progress
        self._repositories = repositories or {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
        self._cancelled = threading.Event()
        self._counting = threading.Lock()
        self._done: dict[str, int] = {}

    def cancel(self) -> None:
        """Make `run`, in its thread, give up at the next bytes."""
        self._cancelled.set()

    def run(self, jars: list[LockedJar]) -> None:
        """Fetch these jars. Call it with the cache lock held.

        Raises:
            DistributionError: A jar could not be had, with the cause chained. Whole jars that came stay in place.
        """
        self._folder.path.mkdir(parents=True, exist_ok=True)
        missing = {jar.file_name for jar in jars}
        self._done = {jar.file_name: jar.size for jar in self._folder.lock.jars if jar.file_name not in missing}
        for abandoned in self._folder.path.glob(f"{_STAGING_PREFIX}*"):
            shutil.rmtree(abandoned, ignore_errors=True)  # left by a process that was killed
        with (
            tempfile.TemporaryDirectory(prefix=_STAGING_PREFIX, dir=self._folder.path) as staging,
            ThreadPoolExecutor(WORKERS, thread_name_prefix="kafka-jars") as pool,
        ):
            fetches = [pool.submit(self._fetch, jar, Path(staging)) for jar in jars]
            try:
                for fetch in as_completed(fetches):
                    fetch.result()
            except BaseException:
                self.cancel()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _fetch(self, jar: LockedJar, staging: Path) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            repository = staging / f"{jar.file_name}-{attempt}"  # fresh: jgo takes any file that is there for whole
            try:
                arrived = self._through_jgo(jar, repository)
            except (OSError, RuntimeError) as error:  # what jgo and requests raise
                if attempt == ATTEMPTS or self._cancelled.is_set():
                    raise DistributionError(f"cannot download {jar.coordinate}: {error}") from error
                continue
            if is_intact(arrived, jar):
                arrived.replace(self._folder.path / jar.file_name)
                self._count(jar.file_name, jar.size, add=False)
                return
        raise DistributionError(f"{jar.coordinate} came {ATTEMPTS} times with other bytes than the lock file names")

    def _through_jgo(self, jar: LockedJar, repository: Path) -> Path:
        resolver = PythonResolver(progress_callback=lambda _name, _size: self._counted(jar))
        context = MavenContext(
            resolver=resolver, repo_cache=repository, remote_repos=dict(self._repositories), timeout=SILENCE_S
        )
        return Path(context.create_dependency(jar.coordinate).artifact.resolve())

    @contextmanager
    def _counted(self, jar: LockedJar) -> Iterator[Callable[[int], None]]:
        self._count(jar.file_name, 0, add=False)
        yield lambda received: self._count(jar.file_name, received, add=True)

    def _count(self, name: str, received: int, *, add: bool) -> None:
        if self._cancelled.is_set():
            raise RuntimeError("cancelled")
        with self._counting:
            self._done[name] = received + (self._done.get(name, 0) if add else 0)
            if self._progress is not None:
                self._progress(sum(self._done.values()), self._folder.lock.size)
