"""Promises of the API client."""
