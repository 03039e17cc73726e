"""The archive that makes brokers start faster is made once, used after, and never stands in the way."""

import errno
import os
import random
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from rich.console import Console

from pipeline.kafka.distribution import Distribution, ensure_distribution
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.kafka.errors import EmbeddedKafkaError
from pipeline.kafka.java import JavaRuntime
from pipeline.kafka.prefetch import download_bar, prefetch
from pipeline.kafka.start_archive import _publish, start_options

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prefetched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, Distribution]]:
    """A cache folder of its own, prepared by `prefetch`, and the Kafka in it."""
    cache = tmp_path_factory.mktemp("cache")
    user = await ensure_distribution()
    (cache / user.folder.name).mkdir()
    for jar in user.class_path:
        shutil.copy(jar, cache / user.folder.name)
    yield cache, await prefetch(cache_dir=cache)
    shutil.rmtree(cache)


async def test_prefetch_records_one_archive(prefetched: tuple[Path, Distribution]) -> None:
    """After `prefetch` the archive is there, alone, and the options point to it."""
    _, distribution = prefetched
    archives = list(distribution.folder.glob("start-*"))
    assert [file.suffix for file in archives] == [".aot"]
    assert f"-XX:AOTCache={archives[0]}" in await start_options(distribution, random.Random(1))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which files a process maps")
async def test_a_broker_runs_from_the_archive(prefetched: tuple[Path, Distribution]) -> None:
    """A broker started from it maps the file, which Java does only if it fits class path and runtime."""
    cache, distribution = prefetched
    (archive,) = distribution.folder.glob("start-*.aot")
    async with EmbeddedKafka(cache_dir=cache) as kafka:
        assert str(archive) in _files_mapped_by(kafka.pid)


@pytest.mark.parametrize("damage", ["cut", "flipped"])
async def test_a_damaged_archive_does_not_keep_a_broker_from_starting(
    prefetched: tuple[Path, Distribution], damage: str
) -> None:
    """Java ignores an archive that is cut off or has other bytes in it, and the broker starts as without."""
    cache, distribution = prefetched
    (archive,) = distribution.folder.glob("start-*.aot")
    content = archive.read_bytes()
    middle = len(content) // 2
    archive.write_bytes(content[:middle] + (b"" if damage == "cut" else bytes(4096) + content[middle + 4096 :]))
    try:
        async with EmbeddedKafka(cache_dir=cache) as kafka:
            assert kafka.is_running
    finally:
        archive.write_bytes(content)


async def test_a_failed_recording_is_no_error_and_not_repeated(
    prefetched: tuple[Path, Distribution], tmp_path: Path
) -> None:
    """Where no archive can be made, brokers start without, and no later start spends time on it again."""
    _, distribution = prefetched
    broken = JavaRuntime(tmp_path / "no-java", 25, "test")
    (tmp_path / "kafka").mkdir()
    other = replace(distribution, folder=tmp_path / "kafka", java=broken)
    assert await start_options(other, random.Random(1)) == ()
    (reason,) = (tmp_path / "kafka").glob("*.failed")
    assert "no-java" in reason.read_text()
    written = reason.stat().st_mtime_ns
    assert await start_options(other, random.Random(1)) == ()
    assert reason.stat().st_mtime_ns == written


async def test_a_full_disk_is_not_remembered_as_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A later start tries again, by when there may be room; nothing half-made stays in the cache until then."""
    tries = []
    (tmp_path / "kafka").mkdir()

    async def record(_distribution: Distribution, archive: Path, _rng: random.Random) -> None:
        tries.append(archive)
        (tmp_path / "recorded").touch()
        _publish(tmp_path / "recorded", archive)

    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr("pipeline.kafka.start_archive._record", record)
    monkeypatch.setattr(shutil, "move", full)
    distribution = Distribution("1", tmp_path / "kafka", (), JavaRuntime(tmp_path / "java", 25, "test"))
    for _ in range(2):
        assert await start_options(distribution, random.Random(1)) == ()
        assert list(distribution.folder.iterdir()) == []
    assert len(tries) == 2


@pytest.mark.parametrize(("free", "told"), [(1 << 20, "No space left"), (1 << 40, "Java wrote none")])
async def test_a_full_temporary_folder_is_told_from_a_java_that_cannot(
    free: int, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Java itself names no cause when it finds no room for the archive; only where there is room it is remembered."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(EmbeddedKafkaError, match=told):
        _publish(tmp_path / "none.aot", tmp_path / "start-1.aot")


async def test_an_older_java_goes_without(prefetched: tuple[Path, Distribution]) -> None:
    """Java 17 to 24 get no options they would not understand."""
    _, distribution = prefetched
    assert (
        await start_options(replace(distribution, java=JavaRuntime(Path("java"), 21, "PATH")), random.Random(1)) == ()
    )


async def test_the_bar_shows_only_when_something_is_downloaded() -> None:
    """Nothing is drawn for a filled cache; a download shows its name and sizes."""
    for steps, shown in (([], False), ([(1_000_000, 2_000_000), (2_000_000, 2_000_000)], True)):
        text = StringIO()
        with download_bar(Console(file=text, force_terminal=True, width=100)) as progress:
            for step in steps:
                progress(*step)
        assert ("Apache Kafka" in text.getvalue()) is shown
        assert ("2.0/2.0 MB" in text.getvalue()) is shown


def _files_mapped_by(pid: int) -> str:
    """Return what Linux knows of a process's memory."""
    return Path(f"/proc/{pid}/maps").read_text()
