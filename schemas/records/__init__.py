"""The records on the public topics, one module per topic.

Each record is a :class:`msgspec.Struct`: decoding checks types and bounds in one pass, unknown fields are
tolerated (an older reader accepts a newer record of the same version), and the JSON Schema is generated from it.
"""

from schemas.records.base import SCHEMA_VERSION, ErrorCode, Record, RecordError, decode, encode
from schemas.records.command import Command, CommandKind
from schemas.records.follow_up import FollowUp, FollowUpKind
from schemas.records.highlight import Highlight, Observed
from schemas.records.moment import Moment, PointOfView
from schemas.records.notification import Notification
from schemas.records.observation import Observation, ObservationSource, ObservedHighlight, ObservedStream
from schemas.records.request import Options, Request
from schemas.records.stream import Stream, StreamState
from schemas.records.summary import Counts, Summary
from schemas.records.tournament import Tournament
from schemas.records.tournament_sighting import SightedHighlight, TournamentSighting, TournamentStream

__all__ = [
    "SCHEMA_VERSION",
    "Command",
    "CommandKind",
    "Counts",
    "ErrorCode",
    "FollowUp",
    "FollowUpKind",
    "Highlight",
    "Moment",
    "Notification",
    "Observation",
    "ObservationSource",
    "Observed",
    "ObservedHighlight",
    "ObservedStream",
    "Options",
    "PointOfView",
    "Record",
    "RecordError",
    "Request",
    "SightedHighlight",
    "Stream",
    "StreamState",
    "Summary",
    "Tournament",
    "TournamentSighting",
    "TournamentStream",
    "decode",
    "encode",
]
