"""The parts of the worker process that need no broker."""
