"""Promises kept on a real broker: the embedded Kafka."""
