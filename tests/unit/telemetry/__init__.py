"""Promises about logs."""
