"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil


def describe(quix_python: Path | None) -> dict[str, Any]:
    """Return machine, versions, and how busy the machine was before we began."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "cpu": _cpu_model(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": load(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "broker": "embedded Apache Kafka, one node",
        **{name: version(name) for name in ("aiokafka", "faust-streaming", "msgspec", "uvloop", "confluent-kafka")},
        "quixstreams": None if quix_python is None else _quix_version(quix_python),
    }


def load() -> list[float]:
    """Return the load averages of 1, 5 and 15 minutes: with nobody else on the machine, a run itself makes about 2."""
    return [round(each, 2) for each in os.getloadavg()]


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _quix_version(python: Path) -> str:
    code = "from importlib.metadata import version; print(version('quixstreams'))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
