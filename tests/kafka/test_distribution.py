"""Kafka gets onto a machine whole or not at all, and stays usable without a network."""

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pipeline.kafka.distribution import Distribution, ensure_distribution, user_cache_dir
from pipeline.kafka.download import JarDownload
from pipeline.kafka.errors import DistributionError
from pipeline.kafka.jars import is_intact, read_lock
from tests.kafka.mirror import Mirror, serve

pytestmark = pytest.mark.kafka

LOCK = read_lock()
BIG = next(jar for jar in LOCK.jars if jar.file_name.startswith("zstd-jni"))

_ENSURE = """
import asyncio, sys
from pathlib import Path
from pipeline.kafka.distribution import ensure_distribution
cache, *mirror = sys.argv[1:]
repositories = {"mirror": mirror[0]} if mirror else None
print(len(asyncio.run(ensure_distribution(Path(cache), repositories=repositories)).class_path))
"""

_RUN_BROKER = """
import asyncio
from pipeline.kafka.embedded import EmbeddedKafka
async def main():
    async with EmbeddedKafka() as kafka:
        print(kafka.is_running)
asyncio.run(main())
"""

NO_NETWORK = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")


@pytest_asyncio.fixture
async def mirror() -> AsyncIterator[Mirror]:
    """A repository on this machine with all jars, which the user's cache provides."""
    with serve((await ensure_distribution()).folder) as running:
        yield running


async def test_everything_arrives_and_is_what_the_lock_names(mirror: Mirror, tmp_path: Path) -> None:
    """An empty cache is filled with exactly the locked jars, each fetched once, and nothing else is left in it."""
    distribution = await ensure_distribution(tmp_path, repositories=mirror.repositories)
    assert [jar.name for jar in distribution.class_path] == [jar.file_name for jar in LOCK.jars]
    assert _all_intact(distribution)
    assert {file.name for file in distribution.folder.iterdir()} == {jar.file_name for jar in LOCK.jars}
    assert set(mirror.served.values()) == {1}


async def test_progress_grows_to_the_whole(mirror: Mirror, tmp_path: Path) -> None:
    """Progress never falls while all goes well, and ends at the size of all jars."""
    seen: list[tuple[int, int]] = []
    await ensure_distribution(
        tmp_path, lambda done, total: seen.append((done, total)), repositories=mirror.repositories
    )
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (LOCK.size, LOCK.size)
    assert {total for _, total in seen} == {LOCK.size}


async def test_a_filled_cache_asks_nobody(mirror: Mirror, tmp_path: Path) -> None:
    """The second time no request is made."""
    await ensure_distribution(tmp_path, repositories=mirror.repositories)
    mirror.served.clear()
    await ensure_distribution(tmp_path, repositories=mirror.repositories)
    assert not mirror.served


async def test_a_download_that_breaks_once_starts_again(mirror: Mirror, tmp_path: Path) -> None:
    """A connection lost in the middle of a jar costs one more request for that jar alone."""
    mirror.cut_off[BIG.file_name] = 1
    distribution = await ensure_distribution(tmp_path, repositories=mirror.repositories)
    assert _all_intact(distribution)
    assert mirror.served[BIG.file_name] == 2


async def test_a_download_that_keeps_breaking_is_a_clear_error_and_resumes_later(
    mirror: Mirror, tmp_path: Path
) -> None:
    """The half jar is nowhere, the error says what to do; the next try fetches only what is missing."""
    mirror.cut_off[BIG.file_name] = 2
    with pytest.raises(DistributionError, match="go online once and try again") as caught:
        await ensure_distribution(tmp_path, repositories=mirror.repositories)
    assert BIG.coordinate in str(caught.value)
    folder = tmp_path / f"kafka-{LOCK.kafka}"
    arrived = {file.name for file in folder.iterdir()}
    assert arrived < {jar.file_name for jar in LOCK.jars}
    assert BIG.file_name not in arrived
    mirror.served.clear()
    assert _all_intact(await ensure_distribution(tmp_path, repositories=mirror.repositories))
    assert set(mirror.served) == {jar.file_name for jar in LOCK.jars} - arrived


async def test_a_full_disk_is_not_taken_for_a_bad_line(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the folder and the cause, and does not send anybody online."""

    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(JarDownload, "_through_jgo", full)
    with pytest.raises(DistributionError, match="No space left") as caught:
        await ensure_distribution(tmp_path, repositories=mirror.repositories)
    assert str(tmp_path) in str(caught.value)
    assert "go online" not in str(caught.value)


async def test_a_forged_jar_is_never_used(mirror: Mirror, tmp_path: Path) -> None:
    """A jar of the right size with other bytes is refused, by name, however often it comes."""
    mirror.forged.add(BIG.file_name)
    with pytest.raises(DistributionError, match="other bytes than the lock"):
        await ensure_distribution(tmp_path, repositories=mirror.repositories)
    assert not (tmp_path / f"kafka-{LOCK.kafka}" / BIG.file_name).exists()


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
async def test_a_jar_damaged_in_the_cache_is_replaced(mirror: Mirror, tmp_path: Path, damage: str) -> None:
    """A jar that changed on disk, even by one bit at the same size and time, is fetched again before it is used."""
    distribution = await ensure_distribution(tmp_path, repositories=mirror.repositories)
    _damage(distribution.folder / BIG.file_name, damage)
    mirror.served.clear()
    assert _all_intact(await ensure_distribution(tmp_path, repositories=mirror.repositories))
    assert dict(mirror.served) == {BIG.file_name: 1}


async def test_kill_9_in_the_middle_of_a_download_does_no_harm(mirror: Mirror, tmp_path: Path) -> None:
    """A process killed while a jar is half there leaves no such jar; the next one completes and cleans up."""
    mirror.stuck.add(BIG.file_name)
    process = await _ensure(tmp_path, mirror.url)
    assert await asyncio.to_thread(mirror.reached.wait, 30)
    process.kill()
    await process.wait()
    folder = tmp_path / f"kafka-{LOCK.kafka}"
    assert not (folder / BIG.file_name).exists()
    mirror.stuck.clear()
    mirror.release.set()
    assert _all_intact(await ensure_distribution(tmp_path, repositories=mirror.repositories))
    assert {file.name for file in folder.iterdir()} == {jar.file_name for jar in LOCK.jars}


async def test_two_first_starts_at_once_do_not_disturb_each_other(mirror: Mirror, tmp_path: Path) -> None:
    """Two processes with one empty cache both get a whole Kafka, and each jar is downloaded once."""
    processes = [await _ensure(tmp_path, mirror.url) for _ in range(2)]
    answers = [await process.communicate() for process in processes]
    assert [out.strip() for out, _ in answers] == [str(len(LOCK.jars)).encode()] * 2
    assert set(mirror.served.values()) == {1}


async def test_a_cancelled_download_stops(mirror: Mirror, tmp_path: Path) -> None:
    """Cancelling gives up soon, and what had arrived stays."""
    mirror.stuck.add(BIG.file_name)
    task = asyncio.create_task(ensure_distribution(tmp_path, repositories=mirror.repositories))
    assert await asyncio.to_thread(mirror.reached.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    mirror.stuck.clear()
    mirror.release.set()
    assert _all_intact(await ensure_distribution(tmp_path, repositories=mirror.repositories))


async def test_an_unusable_cache_folder_is_a_clear_error(tmp_path: Path) -> None:
    """A cache path that is a file is named in the error."""
    (tmp_path / "file").touch()
    with pytest.raises(DistributionError, match="cannot write to the cache folder"):
        await ensure_distribution(tmp_path / "file")


async def test_no_network_and_an_empty_cache_is_a_clear_error(tmp_path: Path) -> None:
    """The error names the folder, the cause and three ways out."""
    process = await _ensure(tmp_path, env=NO_NETWORK)
    _, errors = await process.communicate()
    assert process.returncode == 1
    last = errors.decode().split("DistributionError: ")[-1]
    for part in (str(tmp_path), "cannot download", "go online once", "copy that folder", "KAFKA_BOOTSTRAP_SERVERS"):
        assert part in last


async def test_no_network_and_a_filled_cache_works(mirror: Mirror) -> None:
    """With Kafka in the user's cache, a broker starts without any network."""
    assert mirror.jars.is_relative_to(user_cache_dir())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _RUN_BROKER, env={**os.environ, **NO_NETWORK}, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert (process.returncode, out.strip()) == (0, b"True")


def test_the_cache_is_the_users(tmp_path: Path) -> None:
    """XDG_CACHE_HOME decides, and else the home folder's .cache."""
    assert user_cache_dir({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "tldr-highlights"
    assert user_cache_dir({}) == Path.home() / ".cache" / "tldr-highlights"


async def _ensure(cache: Path, *mirror: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _ENSURE,
        str(cache),
        *mirror,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _all_intact(distribution: Distribution) -> bool:
    return all(is_intact(path, jar) for path, jar in zip(distribution.class_path, LOCK.jars, strict=True))


def _damage(file: Path, how: str) -> None:
    if how == "gone":
        file.unlink()
        return
    status = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content if how == "flipped" else content[:-1])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
