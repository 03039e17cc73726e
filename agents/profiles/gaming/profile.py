"""The profile ``gaming``: what happens in a match, who did it, and how much it excites."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles.data import ProfileDataError, checked, joined, label, load
from agents.profiles.declared import groups_described
from agents.profiles.evidence import Evidence, Named
from agents.profiles.gaming.events import Event, EventFinder, EventsData, place_in
from agents.profiles.gaming.exports import EXPORTS
from agents.profiles.gaming.games import Game, Games
from agents.profiles.gaming.names import NameRules, Role, guessed, name_rules
from agents.profiles.gaming.place import FIELDS, Place, place_of
from agents.profiles.given_names import GivenNames, Mention
from agents.profiles.profile import Enriched, Export, ProfileInputError, Sighted
from agents.rules.canonical import normal_tags
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request

PACKAGE = __name__.rpartition(".")[0]

TOP = 10
"""How many moments the report lists as the best."""

LONGEST_TIMELINE = 500
"""How many moments the report's timeline lists; those with the highest score when there are more."""

MOST_NAMES = 10
"""How many players, and how many teams, a highlight names."""

LONGEST_TITLE = 60
"""Characters of a game's name as a request writes it that a report shows."""

LONGEST_HEADING = 200
"""Characters of a match's title that a report shows."""

CURVE_POINTS = 60
"""Into how many equal parts of the stream the hype curve is cut."""


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``games.yaml``, ``events.yaml`` and ``calibration.yaml`` as one, as a customer's ``gaming.yaml`` adds to them."""

    fallback: Game
    games: dict[str, Game]
    common: frozenset[str]
    groups: dict[str, list[str]]
    contexts: list[Any]
    misses: dict[str, list[str]]
    kinds: dict[str, Any]
    calibration: dict[str, Any]


class Asked(msgspec.Struct, frozen=True):
    """What of a request's metadata this profile reads beside its place; other keys are the producer's own."""

    game: str = ""


class Gaming:
    """Rules for matches.

    Args:
        theirs: a customer's data over ours.

    Raises:
        ProfileDataError: the data cannot be used; the text names the key.
    """

    name = "gaming"
    hides = False
    version = 1
    about = "Matches and tournaments: what happens, who did it, how much it excites; a report at the end."
    exports: Mapping[str, Export] = EXPORTS
    metadata = (*Asked.__struct_fields__, "title", *FIELDS)

    def __init__(self, theirs: Mapping[str, Any] | None = None) -> None:
        ours = load(PACKAGE, "games.yaml") | load(PACKAGE, "events.yaml") | load(PACKAGE, "calibration.yaml")
        data = joined(ours, theirs or {})
        checked(self.name, data, Data)
        self.label = label(self.name, self.version, theirs)
        self._games = checked(self.name, {name: data[name] for name in Games.__struct_fields__}, Games)
        events = checked(self.name, {name: data[name] for name in EventsData.__struct_fields__}, EventsData)
        try:
            self._finder = EventFinder(events, self.version)
        except ValueError as error:
            raise ProfileDataError(f"{self.name}: {error}") from error
        self._name_rules = name_rules(self._finder.calibration, self.version)
        self._kinds = list(data["kinds"])
        self._groups = groups_described(data["groups"])
        for name, game in self._games.games.items():
            if lost := game.kinds - set(self._kinds):
                raise ProfileDataError(f"{self.name}: games.{name}.kinds: no kind {', '.join(sorted(lost))}")

    def describe(self) -> dict[str, Any]:
        """Games with their options, kinds, rules with their confidence, and groups of phrases."""
        return {
            "metadata": list(self.metadata),
            "games": {
                name: {"options": game.options, "kinds": sorted(game.kinds), "keywords": game.keywords}
                for name, game in self._games.games.items()
            },
            "fallback": self._games.fallback.options,
            "kinds": self._kinds,
            "rules": [*self._finder.rules(), *(rule._asdict() for rule in self._name_rules.values())],
            "groups": self._groups,
        }

    def options(self, asked: Request) -> Mapping[str, Any]:
        """The game's settings; its name and the tournament as tags."""
        name, game = self._games.find(_text(asked.metadata, "game"))
        tags = [tag for tag in (name, _text(asked.metadata, "tournament_id")) if tag]
        if tags[1:]:
            tags.insert(1, "tournament")
        return {**game.options, "custom_tags": tags}

    def transcript_url(self, asked: Request) -> str | None:  # noqa: ARG002 - the port
        """No transcript is read."""
        return None

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> PreparedGaming:  # noqa: ARG002 - the port
        """Read game, players and teams from the request's metadata.

        Raises:
            ProfileInputError: one of them is of the wrong kind.
        """
        try:
            wanted = msgspec.convert(asked.metadata, Asked)
        except msgspec.ValidationError as error:
            raise ProfileInputError(f"metadata: {error}") from error
        name, game = self._games.find(wanted.game)
        given = frozenset(normal_tags([*asked.options.custom_tags, *self.options(asked)["custom_tags"]]))
        names = (name, game.title or " ".join(wanted.game.split())[:LONGEST_TITLE])
        place, heading = place_of(asked), " ".join(_text(asked.metadata, "title").split())[:LONGEST_HEADING]
        return PreparedGaming(self._finder, self._name_rules, names, game, place, self._games.common, given, heading)


class PreparedGaming:
    """The rules for one match.

    Args:
        finder: of events.
        names: of the game, for programs and as people write it.
        game: its data.
        place: who plays, where and when.
        common: words that are no names.
        given: tags that the API puts on each highlight because it was asked to.
        heading: what the request calls the match; empty: nothing.
    """

    def __init__(
        self,
        finder: EventFinder,
        rules: NameRules,
        names: tuple[str, str],
        game: Game,
        place: Place,
        common: frozenset[str],
        given: frozenset[str],
        heading: str,
    ) -> None:
        self._finder = finder
        self._rules = rules
        self._name, self._title = names
        self._game = game
        self._common = common
        self._given = given
        words = "|".join(re.escape(word.lower()) for word in sorted(game.keywords, key=len, reverse=True))
        self._keywords = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None
        self.tournament = place.stream
        tournament = place.stream.tournament_name if place.stream else ""
        self._match = {"title": heading, "tournament": tournament, "teams": list(place.teams)}
        self._teams = frozenset(place.teams)
        self._team_of = {player.name: player.team for player in place.players if player.team}
        self._roster = GivenNames([*place.teams, *(player.name for player in place.players)])

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Say what happens, who did it, and how much it excites."""
        title, description = seen.title[:500], seen.description[:4_000]
        told = " ".join(tag for tag in tags[:20] if tag not in self._given)
        events = self._finder.find(title, description, told, seen.timestamp, self._game, self._name)
        named = self._who(title, description, seen.timestamp)
        players, teams = ([one.name for one in named[role]] for role in ("player", "team"))
        hype = hype_of(events, seen.confidence_score)
        kinds = [event.kind for event in events]
        enrichment = {
            "game": self._name,
            "events": events,
            "hype": hype,
            "players": named["player"],
            "teams": named["team"],
            "keywords": self._keywords_in(f"{title}\n{description}"),
        }
        more = [kind.replace("_", "-") for kind in kinds]
        joined_tags = [*tags, *(tag for tag in more if tag not in tags)] if more else tags
        note = {"kinds": kinds, "hype": hype, "players": players, "teams": teams}
        sighting = None
        if self.tournament is not None:  # guessed names would keep moments apart and fill leaderboards
            given = bool(self._roster)
            sighting = Sighted(tuple(kinds), hype, tuple(players) if given else (), tuple(teams) if given else ())
        return Enriched(joined_tags, enrichment, note, sighting=sighting)

    def _keywords_in(self, text: str) -> list[str]:
        return [] if self._keywords is None else sorted(set(self._keywords.findall(text.lower())))

    def _who(self, title: str, description: str, at_s: float) -> dict[Role, list[Named]]:
        """Return whom the request gives and the text names; without a roster, what is written as names are."""
        text = f"{title}\n{description}"
        given = bool(self._roster)
        mentions = self._roster.mentions(text) if given else guessed(text, self._game.terms, self._common)
        first: dict[str, Mention] = {}
        for mention in mentions:
            first.setdefault(mention.name, mention)
        named: dict[Role, list[Named]] = {"player": [], "team": []}
        theirs: dict[str, Named] = {}
        for name, start, end in first.values():
            role: Role = "team" if name in self._teams else "player"
            field, offset = place_in(start, title, description)
            span = text[start:end], field, offset, offset + end - start, at_s
            if len(named[role]) < MOST_NAMES:
                rule = self._rules["given" if given else "written", role]
                named[role].append(Named(name, Evidence(*span, *rule)))
            if role == "player" and (team := self._team_of.get(name)) and len(theirs) < MOST_NAMES:
                theirs.setdefault(team, Named(team, Evidence(*span, *self._rules["of-player", "team"])))
        if theirs:  # a team that is named beside its player is as a rule the other one
            named["team"] = list(theirs.values())
        return named

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:
        """The report of a match: the best moments, a timeline, the hype curve, and who stood out."""
        moments = [_moment(highlight_id, state) for highlight_id, state in highlights.items()]
        moments.sort(key=lambda moment: (moment["start_s"], moment["highlight_id"]))
        best = sorted(moments, key=lambda moment: (-moment["hype"], moment["start_s"], moment["highlight_id"]))
        kept = {moment["highlight_id"] for moment in best[:LONGEST_TIMELINE]}
        return {
            "game": self._name,
            "game_title": self._title,
            "match": self._match,
            "top_moments": best[:TOP],
            "kinds": dict(sorted(Counter(kind for moment in moments for kind in moment["kinds"]).items())),
            "players": standing(moments, "players"),
            "teams": standing(moments, "teams"),
            "timeline": [moment for moment in moments if moment["highlight_id"] in kept],
            "hype_curve": hype_curve(moments),
        }


def hype_of(events: Sequence[Event], confidence: float) -> float:
    """Return how much a moment excites, 0 to 1: its strongest event, as sure as the rule and the API are."""
    strongest = max((event.excitement for event in events), default=0.1)
    return round(strongest * (0.5 + 0.5 * confidence), 3)


def standing(moments: list[dict[str, Any]], who: str) -> list[dict[str, Any]]:
    """Return players or teams by the hype of their moments, the highest first; at most 50."""
    hype: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for moment in moments:
        for name in moment[who]:
            hype[name] += round(moment["hype"] * 1000)
            count[name] += 1
    order = sorted(hype, key=lambda name: (-hype[name], name))[:50]
    return [{"name": name, "moments": count[name], "hype": hype[name] / 1000} for name in order]


def hype_curve(moments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the hype of each of some equal parts of the stream: the sum over moments that begin in it."""
    ends = max((moment["end_s"] for moment in moments), default=0.0)
    step = round(ends / CURVE_POINTS, 3)
    points = [0] * CURVE_POINTS
    for moment in moments:
        place = min(int(moment["start_s"] / step), CURVE_POINTS - 1) if step else 0
        points[place] += round(moment["hype"] * 1000)
    return {"step_s": step, "points": [point / 1000 for point in points] if moments else []}


def _moment(highlight_id: str, state: HighlightState) -> dict[str, Any]:
    note = state.note if isinstance(state.note, dict) else {}
    return {
        "highlight_id": highlight_id,
        "title": state.title,
        "start_s": state.start_s,
        "end_s": round(state.start_s + state.duration_s, 3),
        "kinds": note.get("kinds", []),
        "hype": note.get("hype", 0.0),
        "players": note.get("players", []),
        "teams": note.get("teams", []),
    }


def _text(metadata: Mapping[str, Any], field: str) -> str:
    value = metadata.get(field)
    return value if isinstance(value, str) else ""
