"""The TL;DR Highlight API as a program: seeded content, compressed time, limits, faults and a truth log."""

from pipeline.simulator.app import create_app
from pipeline.simulator.clock import ManualClock, system_clock
from pipeline.simulator.command import main
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.scenario_file import ScenarioError, load_scenario, scenario_from
from pipeline.simulator.server import serve
from pipeline.simulator.truth import TruthLog

__all__ = [
    "ManualClock",
    "Scenario",
    "ScenarioError",
    "TruthLog",
    "create_app",
    "load_scenario",
    "main",
    "scenario_from",
    "serve",
    "system_clock",
]
