"""What can go wrong with the embedded Kafka, split by who must act."""

from pathlib import Path


class EmbeddedKafkaError(Exception):
    """Base of every error of the embedded Kafka."""


class DistributionError(EmbeddedKafkaError):
    """Kafka's jars or a Java runtime are missing and could not be had; the text says what to do."""


class KafkaStartError(EmbeddedKafkaError):
    """The broker did not come up.

    Attributes:
        reason: One sentence on what happened.
        log_file: Where the broker's whole output is, or None if it never ran.
        last_lines: The end of that output, possibly empty.
    """

    def __init__(self, reason: str, log_file: Path | None = None, last_lines: str = "") -> None:
        self.reason = reason
        self.log_file = log_file
        self.last_lines = last_lines
        text = f"embedded Kafka did not start: {reason}"
        if log_file is not None:
            text += f"\nits log: {log_file}"
        if last_lines:
            text += f"\nits last lines:\n{last_lines}"
        super().__init__(text)
