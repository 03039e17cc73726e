"""Promises about the words: topics, records, schemas, examples."""
