"""The profile ``education``."""
