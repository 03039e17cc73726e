"""Writes `distribution.lock.json`: `python -m pipeline.kafka.make_lock VERSION`.

For maintainers, when Kafka's version changes. It is the only place that resolves dependencies; everyone else downloads
exactly what the lock names.
"""

import hashlib
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from jgo.maven import MavenContext, PythonResolver

from pipeline.kafka.jars import LOCK_FILE, Lock, LockedJar

# Kafka's own pom leaves the slf4j binding to its tarball; without one the broker logs nothing, not even why it died.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl"


def resolve_lock(kafka_version: str) -> Lock:
    """Resolve Kafka's run-time jars, download them to a temporary folder and take their sums."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(resolver=PythonResolver(), repo_cache=Path(folder))
        kafka = context.create_dependency(f"org.apache.kafka:kafka_2.13:{kafka_version}")
        roots, others = context.resolver.resolve([kafka])
        artifacts = [dependency.artifact for dependency in (*roots, *others)]
        # Resolved apart from Kafka: log4j's own dependency management would bring in an old kafka-clients.
        log4j = next(artifact.version for artifact in artifacts if artifact.artifactId == "log4j-core")
        artifacts.append(context.create_dependency(f"{LOG_BINDING}:{log4j}").artifact)
        with ThreadPoolExecutor(4) as pool:
            jars = sorted(pool.map(_locked, artifacts), key=lambda jar: jar.coordinate)
    return Lock(kafka_version, tuple(jars))


def _locked(artifact: Any) -> LockedJar:
    content = artifact.resolve().read_bytes()
    coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
    return LockedJar(coordinate, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    lock = resolve_lock(sys.argv[1])
    LOCK_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(lock), indent=1) + b"\n")
