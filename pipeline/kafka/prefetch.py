"""Everything the first start of an embedded Kafka would wait for, ahead of it."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from pipeline.kafka.distribution import Distribution, ensure_distribution
from pipeline.kafka.start_archive import start_options


async def prefetch(
    progress: Callable[[int, int], None] | None = None,
    *,
    cache_dir: Path | None = None,
    repositories: Mapping[str, str] | None = None,
    rng: random.Random | None = None,
) -> Distribution:
    """Download and verify Kafka, and record what makes it start fast; afterwards no network is needed.

    Args:
        progress: Told `(bytes done, bytes in all)` while downloading, from worker threads.
        cache_dir: Where to keep it; the user's cache folder by default.
        repositories: Maven repositories by name, for a mirror.
        rng: Chooses ports.

    Raises:
        DistributionError: Kafka or Java could not be had, and what to do about it.
    """
    distribution = await ensure_distribution(cache_dir, progress, repositories=repositories)
    await start_options(distribution, rng or random.SystemRandom())
    return distribution


@contextmanager
def download_bar(console: Console | None = None) -> Iterator[Callable[[int, int], None]]:
    """Give a `progress` for `prefetch` that draws a bar; nothing is drawn if nothing is downloaded.

    Args:
        console: Where to draw; standard error by default.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console or Console(stderr=True)) as bar:

        def progress(done: int, total: int) -> None:
            if not bar.task_ids:
                bar.add_task("Apache Kafka", total=total)
            bar.update(bar.task_ids[0], completed=done)

        yield progress
