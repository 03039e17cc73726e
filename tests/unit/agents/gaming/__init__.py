"""The profile ``gaming``."""
