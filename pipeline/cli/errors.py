"""How a command fails: what is wrong, where, and what to do; and the exit code that says who must act."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli.output import printable
from pipeline.kafka.log_end import NO_SPACE
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.kafka.errors import KafkaStartError
    from pipeline.stack.errors import StackError

_BROKER_RUNS = "another broker runs on "


class CommandError(Exception):
    """A command cannot do its work.

    Attributes:
        exit_code: how the process ends.
        problem: what is wrong, and where.
        fix: what to do about it, one line each; a command to paste stands alone on its line.
        details: the end of a log, or what a library said.
    """

    def __init__(self, exit_code: ExitCode, problem: str, *fix: str, details: str = "") -> None:
        super().__init__(problem)
        self.exit_code = exit_code
        self.problem = problem
        self.fix = tuple(line for line in fix if line)
        self.details = details


def explain(error: BaseException) -> CommandError | None:
    """Turn an error that a person can act on into a :class:`CommandError`; None for a fault of ours."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, CommandError):
        return error
    for explanation in (_of_settings, _of_stack, _of_input, _of_kafka, _of_system):
        if (found := explanation(error)) is not None:
            return found
    return None


def _of_settings(error: BaseException) -> CommandError | None:
    from pipeline.kafka.connection import KafkaSecurityError, NoKafkaError
    from pipeline.settings import SettingsError

    if isinstance(error, SettingsError):
        return CommandError(ExitCode.SETTINGS, str(error))  # each problem has its own fix
    if isinstance(error, NoKafkaError | KafkaSecurityError):
        return CommandError(ExitCode.SETTINGS, str(error))
    return None


def _of_stack(error: BaseException) -> CommandError | None:
    from pipeline.kafka.errors import DistributionError, EmbeddedKafkaError, KafkaStartError
    from pipeline.stack.errors import StackError
    from pipeline.worker.exit_codes import Unrecoverable

    if isinstance(error, Unrecoverable):
        return CommandError(error.exit_code, error.reason)
    if isinstance(error, DistributionError):
        # its text says what else to do
        hint = "free some space there, or set XDG_CACHE_HOME to another disk" if NO_SPACE in str(error) else ""
        return CommandError(ExitCode.KAFKA, str(error), hint)
    if isinstance(error, KafkaStartError):
        return _of_start(error)
    if isinstance(error, EmbeddedKafkaError):
        return CommandError(ExitCode.KAFKA, str(error))
    if isinstance(error, StackError):
        return _of_part(error)
    return None


def _of_start(error: KafkaStartError) -> CommandError:
    if error.reason.startswith(_BROKER_RUNS):
        return _in_use(Path(error.reason.removeprefix(_BROKER_RUNS)).parent)
    port_taken = "another program listens" in error.reason
    look = "name another port: --kafka-port PORT" if port_taken else _log_hint(error.log_file)
    fixes = (_disk_hint(error), look)
    problem = f"embedded Kafka did not start: {error.reason}"
    return CommandError(ExitCode.KAFKA, problem, *fixes, details=_details(error.last_lines))


def _of_part(error: StackError) -> CommandError:
    if "another process holds" in error.reason and error.log_file is not None:  # the simulator's lock, or a worker's
        return _in_use(error.log_file.parent)
    if "cannot listen on" in error.reason:
        return CommandError(ExitCode.SETTINGS, error.reason, "name another port: --api-port PORT")
    fixes = (_disk_hint(error), _log_hint(error.log_file))
    return CommandError(ExitCode.FAILED, error.reason, *fixes, details=_details(error.last_lines))


def _in_use(folder: Path) -> CommandError:
    fix = "end that one (Ctrl-C in its terminal), or name another folder: --persist FOLDER"
    return CommandError(ExitCode.SETTINGS, f"another `highlights dev` uses {folder}", fix)


def _of_input(error: BaseException) -> CommandError | None:
    from pipeline.simulator.scenario_file import ScenarioError
    from pipeline.stack.requests import RequestFileError

    if isinstance(error, RequestFileError | ScenarioError):
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        return CommandError(ExitCode.SETTINGS, f"{error.source} cannot be used:\n{problems}")
    return None


def _of_kafka(error: BaseException) -> CommandError | None:
    from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

    from pipeline.kafka.admin import TopicAdminError
    from pipeline.kafka.topics import TopicsNotReady, TopicsRefused
    from pipeline.stack.reader import ReadStalledError

    if isinstance(error, TopicsRefused | TopicsNotReady):
        return CommandError(ExitCode.TOPICS, str(error), "highlights topics plan")
    if isinstance(error, TopicAdminError):
        fix = "ask the cluster's owner for the rights to describe, create and alter these topics"
        return CommandError(ExitCode.KAFKA, str(error), fix)
    if isinstance(error, ReadStalledError):
        return CommandError(ExitCode.KAFKA, str(error), "highlights doctor")
    if isinstance(error, UnknownTopicOrPartitionError):
        return CommandError(ExitCode.TOPICS, f"a topic is not there: {error}", "highlights topics apply")
    if isinstance(error, KafkaError):
        text = str(error) or type(error).__name__
        return CommandError(ExitCode.KAFKA, f"Kafka: {text}", "highlights doctor")
    return None


def _of_system(error: BaseException) -> CommandError | None:
    if isinstance(error, OSError) and error.errno is not None:
        full = error.errno == errno.ENOSPC
        # a write that names no file is one to standard output: commands name those that they write
        where = f" ({error.filename})" if error.filename else " for the output" if full else ""
        hint = "free some space there, or write to another disk" if full else ""
        return CommandError(ExitCode.FAILED, f"{error.strerror}{where}", hint)
    return None


def _log_hint(log_file: Path | None) -> str:
    return f"the whole log: {log_file}" if log_file else "highlights doctor"


def _disk_hint(error: KafkaStartError | StackError) -> str:
    """Say what to do about a disk that is full, if that is it: by whether a person named the folder on it."""
    if NO_SPACE not in f"{error.reason} {error.last_lines}":
        return ""
    ours = ("highlights-", "embedded-kafka-")
    temporary = Path(tempfile.gettempdir())
    log = error.log_file
    if log is None or (log.is_relative_to(temporary) and log.relative_to(temporary).parts[0].startswith(ours)):
        return "free some space there, or set TMPDIR to another disk"
    return "free some space there, or name a folder on another disk: --persist FOLDER"


def _details(last_lines: str) -> str:
    """Return the end of a log; of one that says that the disk is full that alone, since all else is what follows."""
    told = next((line for line in last_lines.splitlines() if NO_SPACE in line), None)
    if told is None:
        return last_lines.expandtabs(4)
    before = told.partition(NO_SPACE)[0].rpartition("\\n")[2]  # a whole trace may stand in one line, as JSON has it
    return f"{before.strip()}{' ' * before.endswith(' ')}{NO_SPACE} on device"


def print_error(error: CommandError, console: Console) -> None:
    """Write an error for people: the problem, what was seen, the way out."""
    console.print("[bold red]error:[/] ", end="")
    console.print(printable(error.problem, newlines=True), markup=False, highlight=False, soft_wrap=True)
    if error.details:
        console.print(
            printable(error.details, newlines=True), style="dim", markup=False, highlight=False, soft_wrap=True
        )
    for line in error.fix:
        console.print("[bold]fix:[/] ", end="")
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
