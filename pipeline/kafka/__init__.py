"""Embedded Kafka: a real Apache Kafka broker for development and tests, from Python packages alone."""
