"""The profile ``meetings``."""
