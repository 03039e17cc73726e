"""The command line: `python -m pipeline.simulator --scenario demo --port 8600`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
import uvloop

from pipeline.simulator.scenario_file import ScenarioError, builtin_names, load_scenario
from pipeline.simulator.server import AddressInUseError, serve

EXIT_UNUSABLE = 2
"""Exit code for a scenario that is wrong, an address that is taken, a truth log that cannot be written."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator until SIGTERM or SIGINT; return the exit code.

    When connections are accepted, one line goes to stdout: {"event":"simulator_ready","base_url":...}.
    """
    given = _parser().parse_args(argv)
    try:
        scenario = load_scenario(given.scenario)
    except ScenarioError as error:
        return _give_up(*(f"{error.source}: {problem}" for problem in error.problems))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(scenario, given.host, given.port, given.seed, given.truth_log, on_ready=say_ready))
    except AddressInUseError as error:
        return _give_up(str(error))
    except OSError as error:
        return _give_up(f"truth log {given.truth_log}: {error.strerror}")
    return 0


def say_ready(base_url: str) -> None:
    """Tell on stdout, in a line of JSON, where connections are accepted."""
    line = orjson.dumps({"event": "simulator_ready", "base_url": base_url}, option=orjson.OPT_APPEND_NEWLINE)
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _give_up(*problems: str) -> int:
    for problem in problems:
        sys.stderr.write(f"simulator: {problem}\n")
    return EXIT_UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulator", description="The TL;DR Highlight API, simulated.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--scenario", default="demo", help=f"TOML file, or one of {', '.join(builtin_names())}")
    parser.add_argument("--truth-log", type=Path, default=None, help="file to append what happens to, as JSON lines")
    parser.add_argument("--seed", type=int, default=1, help="seed of content and faults (default: %(default)s)")
    return parser
