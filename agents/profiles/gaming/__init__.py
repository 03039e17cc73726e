"""The profile ``gaming``: matches and tournaments."""

from agents.profiles.gaming.profile import Gaming

__all__ = ["Gaming"]
