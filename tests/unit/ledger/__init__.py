"""Tests of pipeline.ledger without Kafka."""
