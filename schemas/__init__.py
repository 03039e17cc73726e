"""The words: topics, records and their JSON Schemas, as data. No I/O beyond reading our own files."""
