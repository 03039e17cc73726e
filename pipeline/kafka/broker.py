"""One run of a broker: format its folder, start it under its guardian, wait until it answers, end it."""

import asyncio
import os
import secrets
import time
from base64 import urlsafe_b64encode
from pathlib import Path

from pipeline.kafka.config import HOST, BrokerConfig
from pipeline.kafka.errors import EmbeddedKafkaError, KafkaStartError
from pipeline.kafka.guarded import GuardedProcess
from pipeline.kafka.log_end import how_it_ended, tail_of
from pipeline.kafka.probe import is_ready

_LOOK_EVERY_S = 0.02
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


async def format_data(config: BrokerConfig, timeout: float, scratch: Path | None) -> None:
    """Make the data folder of a new broker, with its SCRAM users.

    Args:
        config: Already written.
        timeout: Seconds until it must be done.
        scratch: A folder to remove if we die meanwhile.

    Raises:
        KafkaStartError: Kafka's StorageTool failed.
    """
    # A first byte below 128 makes the first character a letter: Kafka's tool takes a leading dash for an option.
    cluster_id = urlsafe_b64encode(bytes([secrets.randbelow(128)]) + secrets.token_bytes(15)).decode().rstrip("=")
    users = config.security.format_arguments() if config.security else []
    arguments = ["format", "--cluster-id", cluster_id, "--config", str(config.layout.properties), *users]
    process = await _launch(config, "kafka.tools.StorageTool", arguments, scratch=scratch)
    try:
        code = await process.wait(timeout)
    finally:
        await process.keep_scratch()
    config.layout.arguments.unlink()  # it held passwords
    if code is None:
        raise failure(config, f"its data folder was not formatted within {timeout:.0f} s")
    if code != 0:
        raise failure(config, f"formatting its data folder failed with exit code {code}")


async def start_broker(config: BrokerConfig, timeout: float, scratch: Path | None) -> GuardedProcess:
    """Start a broker on a formatted folder and return once it serves.

    Args:
        config: Already written.
        timeout: Seconds until it must answer.
        scratch: A folder the guardian removes when the broker is stopped or we die.

    Raises:
        KafkaStartError: It ended or did not answer in time; it no longer runs.
    """
    process = await _launch(config, "kafka.Kafka", [str(config.layout.properties)], scratch=scratch)
    try:
        await _until_it_serves(process, config, timeout)
    except BaseException:
        await process.kill()
        await process.keep_scratch()
        raise
    return process


async def _until_it_serves(process: GuardedProcess, config: BrokerConfig, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    address = f"{HOST}:{config.ports.client}"
    while not await is_ready(HOST, config.ports.client):
        if (code := process.exit_code()) is not None:
            raise failure(config, f"it {how_it_ended(code, config.layout.log_file)}")
        if time.monotonic() > deadline:
            raise failure(config, f"it did not answer on {address} within {timeout:.0f} s")
        await asyncio.sleep(_LOOK_EVERY_S)
    if process.exit_code() is not None:
        raise failure(config, f"another program answers on {address}")


def failure(config: BrokerConfig, reason: str) -> KafkaStartError:
    """Return the error for a failed start, with the end of the broker's output."""
    return KafkaStartError(reason, config.layout.log_file, tail_of(config.layout.log_file))


async def _launch(
    config: BrokerConfig, main_class: str, arguments: list[str], *, scratch: Path | None
) -> GuardedProcess:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # our secrets stay with us
    command = config.command(main_class, arguments)
    try:
        return await GuardedProcess.launch(
            command,
            log_file=config.layout.log_file,
            lock_file=config.layout.lock_file,
            scratch=scratch,
            environment=environment,
        )
    except EmbeddedKafkaError as error:
        raise KafkaStartError(str(error)) from error
