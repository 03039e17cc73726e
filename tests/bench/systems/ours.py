"""Our worker, exactly as ``highlights worker`` runs it: ledger, deduplication, exactly-once output."""

from __future__ import annotations

import sys

from agents.composition import build_domain
from pipeline.settings import Settings
from pipeline.telemetry import logs
from pipeline.worker.worker import run

if __name__ == "__main__":
    settings = Settings.load()
    logs.configure(settings)
    sys.exit(run(settings, build_domain))
