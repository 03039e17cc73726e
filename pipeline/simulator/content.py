"""What a stream contains: decided when it is accepted, from the seed, the URL and how often it was submitted.

Nothing here knows real time. Offsets are content seconds since processing began.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.simulator.draw import dice, digest, rfc3339
from pipeline.simulator.scenario import Range, Scenario
from pipeline.simulator.scripts import Point, Script, find_script, script_for
from pipeline.simulator.words import Profile, make_moment, profile_of

EPOCH = 1_767_225_600.0  # 2026-01-01T00:00:00Z, from where fixed creation times count
StepKind = Literal["made", "revised", "removed", "ended"]


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client asked for in POST /streams, or one video of a batch."""

    source_url: str
    platform: str = "custom"
    options: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedHighlight:
    """A highlight that will be shown.

    Attributes:
        visible_at: when it is first shown; at most the end of processing.
        timestamp: where in the stream it starts.
        revised_at: when title and confidence change, or None.
        removed_at: when it disappears again, or None.
        created_at: RFC 3339, when creation times are fixed.
    """

    id: str
    visible_at: float
    timestamp: float
    duration: float
    title: str
    description: str
    confidence: float
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    created_at: str
    revised_title: str
    revised_confidence: float
    revised_at: float | None = None
    removed_at: float | None = None

    def content(self, revision: int) -> dict[str, Any]:
        """Return the fields that decide whether a highlight changed, as of revision 1 or 2."""
        return {
            "title": self.title if revision == 1 else self.revised_title,
            "description": self.description,
            "timestamp": self.timestamp,
            "duration": self.duration,
            "confidence_score": self.confidence if revision == 1 else self.revised_confidence,
            "tags": list(self.tags),
        }


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something that will happen to a stream: `index` is the highlight's, or -1."""

    at: float
    kind: StepKind
    index: int = -1


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """Everything a stream will do if nobody stops it.

    Attributes:
        pending: content seconds before processing begins.
        total: content seconds of the whole stream.
        ends_at: when processing ends; before `total` if it fails.
        outcome: how it ends.
        live: no total duration is shown before the end.
        highlights: in order of appearance, which is also the order of their timestamps.
        steps: what happens, in order.
    """

    id: str
    profile: Profile
    pending: float
    total: float
    ends_at: float
    outcome: Literal["completed", "error"]
    live: bool
    highlights: tuple[PlannedHighlight, ...]
    steps: tuple[Step, ...]

    def visible(self, offset: float) -> tuple[PlannedHighlight, ...]:
        """Return what has appeared by an offset, oldest first: it only ever grows at the end."""
        return tuple(item for item in self.highlights if item.visible_at <= offset)


def plan_stream(scenario: Scenario, seed: int, submission: Submission, ordinal: int) -> StreamPlan:
    """Decide what a stream contains.

    Args:
        scenario: the shares and ranges to draw from.
        seed: of the run.
        submission: what was asked for.
        ordinal: how many submissions of the same URL came before.
    """
    stream_id = "str_" + digest("stream", seed, submission.source_url, ordinal)[:20]
    luck = dice("plan", seed, submission.source_url, ordinal)
    knobs = scenario.streams
    script, profile = _about(submission, written=scenario.content.written)
    total = round(_between(luck, knobs.duration_s), 3) if script is None else script.duration_s
    pending = _between(luck, knobs.pending_s)
    fails = luck.random() < knobs.error_share and script is None
    ends_at = round(total * luck.uniform(0.2, 0.9), 3) if fails else total
    live = luck.random() < knobs.live_share
    count = _count(luck, knobs.highlights, submission.options.get("max_highlights"))
    if script is None:
        drawn = [_highlight(scenario, stream_id, submission, profile, (index, count, total)) for index in range(count)]
    else:
        drawn = _scripted(scenario, stream_id, submission, script)
    highlights = tuple(item for item in _in_order(drawn) if item.visible_at <= ends_at)
    return StreamPlan(
        id=stream_id,
        profile=profile,
        pending=pending,
        total=total,
        ends_at=ends_at,
        outcome="error" if fails else "completed",
        live=live,
        highlights=highlights,
        steps=_steps(highlights, ends_at),
    )


def _scripted(scenario: Scenario, stream_id: str, submission: Submission, script: Script) -> list[PlannedHighlight]:
    return [_written(scenario, stream_id, submission, script, place) for place in enumerate(script.moments)]


def _written(
    scenario: Scenario, stream_id: str, submission: Submission, script: Script, place: tuple[int, Point]
) -> PlannedHighlight:
    """A highlight that a script tells of; only whether it is corrected later is drawn."""
    index, point = place
    luck = dice("highlight", stream_id, index)
    visible_at = min(point.start_s + point.duration_s + luck.uniform(2, 30), script.duration_s * 0.99)
    after = luck.uniform(visible_at, script.duration_s)
    custom = submission.options.get("custom_tags")
    return PlannedHighlight(
        id="hl_" + digest("highlight", stream_id, index)[:20],
        visible_at=visible_at,
        timestamp=point.start_s,
        duration=point.duration_s,
        title=point.title,
        description=point.description,
        confidence=point.confidence,
        tags=tuple(str(tag) for tag in custom) if isinstance(custom, list) else (),
        metadata={"profile": script.kind},
        created_at=rfc3339(_start_of(stream_id) + visible_at),
        revised_title=f"{point.title} (corrected)",
        revised_confidence=round(min(point.confidence + 0.009, 1.0), 3),
        revised_at=after if luck.random() < scenario.content.revised_share else None,
    )


def _highlight(
    scenario: Scenario, stream_id: str, submission: Submission, profile: Profile, place: tuple[int, int, float]
) -> PlannedHighlight:
    index, count, total = place
    luck = dice("highlight", stream_id, index)
    moment = make_moment(profile, luck)
    clip = submission.options.get("clip_duration")
    length = float(clip) if isinstance(clip, int | float) else round(luck.uniform(12, 60), 1)
    # One highlight in each of `count` equal parts: spread like real ones, and in order without sorting.
    timestamp = round(total * 0.95 * (index + luck.random()) / max(count, 1), 2)
    visible_at = min(timestamp + length + luck.uniform(2, 30), total * 0.99)
    confidence = round(0.55 + 0.44 * luck.random(), 3)
    after = luck.uniform(visible_at, total)
    custom = submission.options.get("custom_tags")
    return PlannedHighlight(
        id="hl_" + digest("highlight", stream_id, index)[:20],
        visible_at=visible_at,
        timestamp=timestamp,
        duration=length,
        title=moment.title,
        description=moment.description,
        confidence=confidence,
        tags=moment.tags + (tuple(str(tag) for tag in custom) if isinstance(custom, list) else ()),
        metadata=moment.metadata,
        created_at=rfc3339(_start_of(stream_id) + visible_at),
        revised_title=f"{moment.title} (corrected)",
        revised_confidence=round(min(confidence + 0.009, 1.0), 3),
        revised_at=after if luck.random() < scenario.content.revised_share else None,
        removed_at=luck.uniform(after, total) if luck.random() < scenario.content.removed_share else None,
    )


def _in_order(highlights: list[PlannedHighlight]) -> list[PlannedHighlight]:
    return sorted(highlights, key=lambda item: (item.visible_at, item.timestamp))


def _steps(highlights: tuple[PlannedHighlight, ...], ends_at: float) -> tuple[Step, ...]:
    steps = [Step(item.visible_at, "made", index) for index, item in enumerate(highlights)]
    for index, item in enumerate(highlights):
        if item.revised_at is not None and item.revised_at < ends_at:
            steps.append(Step(item.revised_at, "revised", index))
        if item.removed_at is not None and item.removed_at < ends_at:
            steps.append(Step(item.removed_at, "removed", index))
    steps.sort(key=lambda step: (step.at, step.index))
    steps.append(Step(ends_at, "ended"))
    return tuple(steps)


def _start_of(stream_id: str) -> float:
    return EPOCH + dice("start", stream_id).randrange(300 * 86_400)


def _about(submission: Submission, *, written: bool) -> tuple[Script | None, Profile]:
    """Return the script that a submission is shown, if any, and what kind of stream it is.

    Metadata, platform and URL speak before tags, and without any sign it is a match, since most streams are.
    """
    metadata, tags = submission.metadata, submission.options.get("custom_tags")
    script = find_script(str(metadata.get("script", "")))
    if script is not None:
        return script, script.kind
    named = [str(metadata[name]) for name in ("profile", "type", "domain") if name in metadata]
    said = profile_of(*named, submission.platform, submission.source_url)
    if said is not None:
        return None, said
    suits = script_for(map(str, tags)) if isinstance(tags, list) else None
    if suits is None:
        return None, "gaming"
    return suits if written else None, suits.kind


def _between(luck: random.Random, bounds: Range) -> float:
    return luck.uniform(bounds.low, bounds.high)


def _count(luck: random.Random, bounds: Range, most: object) -> int:
    count = luck.randint(int(bounds.low), int(bounds.high))
    return min(count, most) if isinstance(most, int) and not isinstance(most, bool) else count
