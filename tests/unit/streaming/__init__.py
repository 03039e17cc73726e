"""Tests of pipeline.streaming without Kafka."""
