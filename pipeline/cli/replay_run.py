"""A past range under other rules: the records made anew, and what differs. Pure, given the profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.cli.replay_diff import Difference, of_document, of_highlight
from schemas.records import Highlight, Summary

if TYPE_CHECKING:
    from pipeline.cli.replay_past import Past
    from pipeline.domain import ProfileDesk, ProfileTrial


@dataclass(slots=True)
class Replayed:
    """What came of it.

    Attributes:
        label: the profile's, as it stands on the new records.
        highlights: made anew, by request in the order in which they were published.
        summaries: likewise, of requests whose highlights are all still there.
        differences: of highlights, then of the document, by request.
        lost: why a request could not be run again, by its id.
        undocumented: why a settled request's document was not made anew, by its id.
    """

    label: str
    highlights: list[Highlight] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    undocumented: dict[str, str] = field(default_factory=dict)

    def records(self) -> Iterator[Highlight | Summary]:
        """All new records, the highlights of a request before its summary."""
        yield from self.highlights
        yield from self.summaries


def run_again(desk: ProfileDesk, profile: str, label: str, past: Past, progress: Callable[[str], Any]) -> Replayed:
    """Enrich every highlight of the range anew.

    Args:
        desk: prepares the rules.
        profile: their name and version.
        label: how they are named on records.
        past: what was published.
        progress: told how far it has come, for people.
    """
    done = Replayed(label)
    requests, transcripts, unreadable = past.remembered()
    for number, request_id in enumerate(past.in_span, start=1):
        progress(f"enriching anew: request {number:,} of {len(past.in_span):,}")
        asked = requests.get(request_id)
        if asked is None or request_id in unreadable:
            done.lost[request_id] = unreadable.get(request_id, "the ledger does not remember it any more")
            continue
        try:
            trial = desk.trial(profile, asked, transcripts.get(request_id))
        except ValueError as error:
            done.lost[request_id] = str(error)
            continue
        _highlights(done, trial, past, request_id)
        if (summary := past.summaries.get(request_id)) is not None:
            _document(done, trial, past, summary)
    return done


def _highlights(done: Replayed, trial: ProfileTrial, past: Past, request_id: str) -> None:
    for before in sorted(past.in_span[request_id].values(), key=lambda record: record.seq):
        after = trial.again(before)
        done.highlights.append(after)
        difference = of_highlight(before, after)
        if difference is not None:
            done.differences.append(difference)


def _document(done: Replayed, trial: ProfileTrial, past: Past, summary: Summary) -> None:
    """A document is about the whole stream: what lies outside the range is enriched for it too."""
    request_id = summary.request_id
    latest = past.latest[request_id]
    if len(latest) != summary.count:
        done.undocumented[request_id] = f"{len(latest)} of its {summary.count} highlights are still there"
        return
    for highlight_id, record in latest.items():
        if past.in_span[request_id].get(highlight_id) is not record:
            trial.again(record)
    document = msgspec.json.decode(msgspec.json.encode(trial.document()))
    done.summaries.append(msgspec.structs.replace(summary, document=document, profile=trial.label))
    difference = of_document(request_id, summary.document, document)
    if difference is not None:
        done.differences.append(difference)
