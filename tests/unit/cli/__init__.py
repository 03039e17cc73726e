"""Promises of the command line and of the local stack that need no broker."""
