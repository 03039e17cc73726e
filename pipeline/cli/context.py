"""What every command gets: how to load settings, how to build the decisions, and the options that several share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipeline.domain import Domain, HighlightObserver
    from pipeline.settings import Settings

DomainFactory = Callable[["Settings", "HighlightObserver"], "Domain[Any]"]


@dataclass(slots=True)
class CliContext:
    """Handed to commands as ``ctx.obj``.

    Attributes:
        make_domain: builds the decisions that a worker runs.
        config_file: from ``--config``.
        environ: variables to read settings from.
    """

    make_domain: DomainFactory
    config_file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def settings(self, **overrides: Any) -> Settings:
        """Load the settings; ``api__key="x"`` overrides ``api.key``, None overrides nothing.

        Raises:
            SettingsError: with all that is wrong.
        """
        from pipeline.settings import Settings

        given = {name.replace("__", "."): value for name, value in overrides.items() if value is not None}
        return Settings.load(self.config_file, self.environ, given)


def cli_context(ctx: typer.Context) -> CliContext:
    """Return the context of this run."""
    found = ctx.find_object(CliContext)
    if found is None:
        raise RuntimeError("commands run through pipeline.cli.main.run")
    return found


LAST_PORT = 65_535

WorkersOption = Annotated[int, typer.Option("--workers", "-w", min=1, max=16, help="Worker processes.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the simulated content and faults.")]
ScenarioOption = Annotated[str, typer.Option("--scenario", help="Simulator scenario: a TOML file or a built-in name.")]
