"""The machinery: ledger, streaming, effects, API client, Kafka, simulator, CLI. No business rule lives here."""

__version__ = "0.1.0"
