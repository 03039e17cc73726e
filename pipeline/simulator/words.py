"""Believable moments: what highlights of matches, lectures and meetings are called."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Profile = Literal["gaming", "education", "meetings"]

Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Moment:
    """What one highlight is about, before it has a place in time."""

    title: str
    description: str
    tags: tuple[str, ...]
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of moment; `{slots}` are filled from the vocabulary of its profile."""

    kind: str
    title: str
    description: str


GAMING_WORDS: Words = {
    "player": ("Nyx", "Karu", "Vesper", "Toma", "Reiko", "Halden", "Mirage", "Okoye", "Juno", "Strand"),
    "rival": ("Basilisk", "Finch", "Orlov", "Pixel", "Sable", "Tango", "Ulric", "Wren"),
    "team": ("Northwind", "Iron Harbor", "Team Solstice", "Red Lantern", "Copper Foxes", "Polar Nine"),
    "place": ("mid", "A site", "the river", "the ramp", "the dragon pit", "the back alley", "B tunnels"),
    "foes": ("two", "three", "four", "five"),
    "count": ("two", "three", "four", "five"),
    "deficit": ("9", "10", "11", "12"),
    "round": tuple(str(number) for number in range(2, 25)),
}
GAMING: tuple[Template, ...] = (
    Template("ace", "{player} aces round {round}", "{player} takes down all five of {team} around {place}."),
    Template("clutch", "{player} wins one against {foes}", "Alone at {place}, {player} outlasts {team}."),
    Template("multi_kill", "{count} kills in seconds for {player}", "{player} catches {team} rotating via {place}."),
    Template("objective", "{player} steals the objective at {place}", "{team} start it, {player} finishes it."),
    Template(
        "comeback",
        "{team} come back from 3 to {deficit}",
        "A timeout, a new setup at {place}, and {count} rounds in a row.",
    ),
    Template("duel", "{player} beats {rival} at {place}", "A long duel ends with a single shot; the casters lose it."),
    Template("play", "Perfect smoke from {player}", "{player} closes {place} and {team} walk in untouched."),
    Template(
        "fail", "{rival} flashes the whole team", "{rival} throws early at {place}; {player} collects {count} kills."
    ),
    Template("chat", "Chat explodes over {player}", "The crowd watches {rival} miss at {place} and types at once."),
    Template("victory", "{team} take map point", "{player} plants at {place} and the clock does the rest."),
)

EDUCATION_WORDS: Words = {
    "concept": (
        "gradient descent",
        "the chain rule",
        "eigenvectors",
        "consistent hashing",
        "photosynthesis",
        "opportunity cost",
        "Bayes' theorem",
        "the second law of thermodynamics",
        "dynamic programming",
        "natural selection",
        "Fourier series",
        "market equilibrium",
    ),
    "example": ("a coin toss", "a bicycle wheel", "a queue at a bakery", "the tides", "a chess clock", "a maze"),
    "unit": tuple(f"part {number}" for number in range(1, 9)),
}
EDUCATION: tuple[Template, ...] = (
    Template(
        "definition", "What {concept} means", "In short, {concept} is defined as in {unit}, with {example} in mind."
    ),
    Template("introduction", "Introduction to {concept}", "Why {concept} matters, and where {unit} will use it."),
    Template("example", "Worked example: {concept} with {example}", "Step by step from {example} to the general rule."),
    Template("proof", "Why {concept} works", "The argument for {concept} in three lines, each one explained."),
    Template("question", "A student asks about {concept}", "Does it hold for {example}? The answer clears up {unit}."),
    Template("mistake", "The common mistake with {concept}", "What goes wrong when {example} is taken too literally."),
    Template("summary", "Summary of {concept}", "The points to keep from {unit}, in one minute."),
    Template("exercise", "Exercise: apply {concept}", "Homework for {unit}: model {example} and compare."),
)

MEETINGS_WORDS: Words = {
    "person": ("Amara", "Bjorn", "Chen", "Dalia", "Eduardo", "Farah", "Goran", "Hana", "Ines", "Jomo"),
    "other": ("Kenji", "Lucia", "Marek", "Noor", "Priya", "Ravi", "Sofia", "Tariq"),
    "topic": (
        "the billing migration",
        "the spring release",
        "the hiring plan",
        "the incident of last week",
        "the pricing page",
        "the data retention policy",
        "the partner launch",
        "the on-call rota",
    ),
    "due": ("Monday", "Wednesday", "Friday", "the end of the month", "the next review"),
}
MEETINGS: tuple[Template, ...] = (
    Template(
        "decision", "Decision: go ahead with {topic}", "{person} sums up the options, {other} agrees, nobody objects."
    ),
    Template(
        "action_item",
        "Action item: {person} to follow up on {topic}",
        "{person} will send the details to {other} by {due}.",
    ),
    Template("question", "{other} asks what blocks {topic}", "{person} names two dependencies and a date: {due}."),
    Template("risk", "Risk raised about {topic}", "{person} fears that {due} is too early; {other} offers help."),
    Template("update", "{person} reports on {topic}", "On track, with one open point that {other} owns until {due}."),
    Template(
        "disagreement",
        "{person} and {other} differ on {topic}",
        "Both sides in brief, and what to measure before {due}.",
    ),
    Template(
        "postponed", "{topic} is postponed", "Too many open points for today; {person} puts it on the list for {due}."
    ),
)

VOCABULARY: dict[Profile, tuple[tuple[Template, ...], Words]] = {
    "gaming": (GAMING, GAMING_WORDS),
    "education": (EDUCATION, EDUCATION_WORDS),
    "meetings": (MEETINGS, MEETINGS_WORDS),
}

# Words that give a profile away, in metadata, platform or URL; the first hit wins.
SIGNS: tuple[tuple[Profile, tuple[str, ...]], ...] = (
    ("meetings", ("meeting", "standup", "board", "townhall", "zoom", "teams", "webex")),
    ("education", ("lecture", "education", "course", "lesson", "tutorial", "edu", "class", "seminar")),
    ("gaming", ("gaming", "esport", "game", "twitch", "match", "tournament", "valorant", "league")),
)


def profile_of(*hints: str) -> Profile | None:
    """Guess the kind of a stream from what is said of it, the strongest hint first; ``None`` without any sign."""
    for hint in hints:
        lowered = hint.lower()
        for profile, signs in SIGNS:
            if any(sign in lowered for sign in signs):
                return profile
    return None


def make_moment(profile: Profile, dice: random.Random) -> Moment:
    """Draw a moment of a stream of that kind."""
    templates, words = VOCABULARY[profile]
    template = dice.choice(templates)
    chosen = {slot: dice.choice(values) for slot, values in words.items()}
    text = f"{template.title} {template.description}"
    used = {slot: value for slot, value in chosen.items() if f"{{{slot}}}" in text}
    title = template.title.format(**chosen)
    return Moment(
        title=title[0].upper() + title[1:],
        description=_sentence(template.description.format(**chosen)),
        tags=(profile, template.kind),
        metadata={"profile": profile, "kind": template.kind, **used},
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
