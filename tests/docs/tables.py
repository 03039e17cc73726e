"""The tables of the docs, made from where each thing is declared. Nothing here knows a name twice."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from pipeline.cli.main import build_app
from pipeline.settings import Settings
from pipeline.telemetry.metrics import Metrics
from pipeline.worker import exit_codes
from schemas.catalogue import load
from tests.docs.markdown import ROOT

DAY_MS = 86_400_000


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def settings() -> str:
    """Every setting with variable, key, default and doc line."""
    rows = [(f"`{row.env}`", f"`{row.key}`", _default(row.value), row.doc) for row in Settings().describe()]
    return table(["variable", "key in the file", "default", "what it is"], rows)


def _default(value: str) -> str:
    return "" if value == "(unset)" else f"`{value}`"


def metric_rows() -> list[tuple[str, str, str, str]]:
    """Every metric: name as scraped, type, labels, help."""
    found = [one for one in vars(Metrics(CollectorRegistry())).values() if isinstance(one, MetricWrapperBase)]
    rows = []
    for metric in found:
        name = metric._name + ("_total" if metric._type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        rows.append((f"`{name}`", str(metric._type), labels, str(metric._documentation)))
    return sorted(rows)


def metrics() -> str:
    """Every metric of a worker."""
    return table(["metric", "type", "labels", "what it says"], metric_rows())


def exit_rows() -> list[tuple[str, str, str]]:
    """Every exit code: number, name, meaning (the comment beside it)."""
    said = dict(re.findall(r"^    (\w+) = \d+  # (.+)$", inspect.getsource(exit_codes.ExitCode), re.MULTILINE))
    return [(str(int(code)), code.name, said.get(code.name, "done")) for code in exit_codes.ExitCode]


def exits() -> str:
    """Every exit code."""
    return table(["code", "name", "meaning"], exit_rows())


def topics() -> str:
    """Every topic of the catalogue."""
    rows = []
    for spec in load().topics.values():
        kept = "compacted" if spec.retention_ms is None else f"{spec.retention_ms // DAY_MS} days"
        size = f"{spec.max_message_bytes // 1_048_576} MiB"
        rows.append((f"`{spec.name}`", kept, size, spec.purpose))
    return table(["topic", "kept", "largest record", "what is on it"], rows)


def command_tree() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its full name."""
    yield from _commands("highlights", typer.main.get_command(build_app()))


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for child in inner.values():
        yield from _commands(f"{name} {child.name}", child)


def commands() -> str:
    """Every command with the first sentence of its help."""
    rows = [(f"`{name}`", _first_sentence(command.help or "")) for name, command in command_tree()]
    return table(["command", "what it does"], rows)


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return paragraph[: paragraph.find(". ") + 1] if ". " in paragraph else paragraph


def make_targets() -> dict[str, str]:
    """Every target of the Makefile that has a doc line."""
    text = (ROOT / "Makefile").read_text("utf-8")
    return dict(re.findall(r"^([a-z]+):.*?## (.+)$", text, re.MULTILINE))


def targets() -> str:
    """Every make target."""
    return table(["target", "what it does"], [(f"`make {name}`", doc) for name, doc in make_targets().items()])


def decisions() -> str:
    """Every decision record, by its heading."""
    files = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    return "\n".join(f"- [{path.read_text('utf-8').splitlines()[0].lstrip('# ')}]({path.name})" for path in files)


def example(name: str) -> str:
    """One of the example programs, as a block."""
    return f"```python\n{(ROOT / 'examples' / name).read_text('utf-8').strip()}\n```"
