"""Everything the machinery runs, put together: rules by topic, effects, state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random, SystemRandom
from types import MappingProxyType

from agents.policy import Policy
from agents.profile_desk import ProfilesOnDesk
from agents.profiles import Profiles
from agents.rules.commands import CommandRule
from agents.rules.effects import HighlightEffects
from agents.rules.highlights import HighlightRule
from agents.rules.observations import ObservationRule
from agents.rules.outputs import Outputs
from agents.rules.parking import Parking
from agents.rules.requests import RequestRule
from agents.rules.sightings import SightingRule
from agents.rules.tournament_effects import TournamentEffects
from agents.rules.tournament_outputs import TournamentOutputs
from agents.rules.tournaments import TournamentRule
from agents.state import PartitionState
from pipeline.domain import HighlightObserver, Rule
from schemas import catalogue


class HighlightDomain:
    """The decisions of the highlight pipeline. Implements :class:`pipeline.domain.Domain`.

    Args:
        policy: every knob.
        random: for jitter and nonces; by default the system's, since a nonce must not be guessable.
        profiles: those that requests may name.
        topic_prefix: before each topic's name on this cluster.
        observer: told of each highlight on its way out.
        place: the partition of a key; by default there is one alone.
    """

    def __init__(
        self,
        policy: Policy,
        random: Random | None = None,
        *,
        profiles: Profiles | None = None,
        topic_prefix: str = "",
        observer: HighlightObserver | None = None,
        place: Callable[[bytes], int] = lambda _key: 0,
    ) -> None:
        profiles = profiles or Profiles()
        self.desk = ProfilesOnDesk(profiles, policy)
        topics = catalogue.load()
        outputs = Outputs(profiles, topics, topic_prefix, observer, place=place, remind_before_s=policy.remind_before_s)
        highlights = HighlightRule(outputs, policy)
        sightings = SightingRule(outputs, highlights, policy)
        parking = Parking(outputs, policy)
        observations = ObservationRule(outputs, sightings, parking)
        tournaments = TournamentOutputs(topics)
        commands = CommandRule(outputs, policy, parking)
        self.rules: Mapping[str, Rule[PartitionState]] = MappingProxyType(
            {
                "requests": RequestRule(outputs, policy, parking, observations, commands),
                "commands": commands,
                "observations": observations,
                "tournament-sightings": TournamentRule(tournaments, policy),
            }
        )
        self.effects = HighlightEffects(
            outputs, policy, sightings, parking, TournamentEffects(tournaments, policy), random or SystemRandom()
        )

    def new_state(self, partition: int) -> PartitionState:
        """An empty state for one partition."""
        return PartitionState(partition)
