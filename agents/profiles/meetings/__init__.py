"""The profile ``meetings``: decisions, action items, open questions; minutes at the end."""

from agents.profiles.meetings.profile import Meetings

__all__ = ["Meetings"]
