"""One typed settings object: each key declared once, with default, doc line and environment name.

Nothing is read at import. :meth:`Settings.load` reads the environment and an optional TOML file, and reports all
problems together. Everything else is handed the object.
"""

from pipeline.settings.groups import (
    ApiSettings,
    KafkaSettings,
    LogSettings,
    PolicySettings,
    PollingSettings,
    ProfileSettings,
    TopicSettings,
    TournamentSettings,
    WorkerSettings,
)
from pipeline.settings.model import Row, Settings
from pipeline.settings.problems import Problem, SettingsError

__all__ = [
    "ApiSettings",
    "KafkaSettings",
    "LogSettings",
    "PolicySettings",
    "PollingSettings",
    "Problem",
    "ProfileSettings",
    "Row",
    "Settings",
    "SettingsError",
    "TopicSettings",
    "TournamentSettings",
    "WorkerSettings",
]
