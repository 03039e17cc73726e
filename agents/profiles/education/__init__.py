"""The profile ``education``: lectures and tutorials."""

from agents.profiles.education.profile import Education

__all__ = ["Education"]
