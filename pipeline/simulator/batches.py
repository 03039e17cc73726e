"""Batches: several videos processed together. A batch's videos are streams that take no slot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.simulator.content import Submission
from pipeline.simulator.draw import digest
from pipeline.simulator.streams import Shown, Stream
from pipeline.simulator.world import World

BatchStatus = Literal["uploading", "queued", "processing", "completed", "error"]


@dataclass(slots=True)
class Batch:
    """A batch that was accepted: `cancelled_at` in unix seconds, or None."""

    id: str
    account: str
    options: dict[str, Any]
    videos: list[Stream]
    uploaded: bool
    created_at: float
    cancelled_at: float | None = None

    def status(self, now: float) -> BatchStatus:
        """Return where it stands; a cancelled batch is in error."""
        if self.cancelled_at is not None:
            return "error"
        states = {video.status for video in self.videos}
        if states <= {"completed", "error", "cancelled"}:
            return "completed" if "completed" in states else "error"
        if states == {"pending"}:
            return "uploading" if self.uploaded and now <= self.created_at else "queued"
        return "processing"

    def shown(self) -> list[Shown]:
        """Return the highlights of all videos in order of appearance."""
        return sorted((entry for video in self.videos for entry in video.shown), key=lambda entry: entry.made_at)


class BatchDesk:
    """Takes batches in and finds them again."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._seed = seed
        self._batches: dict[str, Batch] = {}

    def open(
        self,
        account: str,
        urls: Sequence[str],
        options: dict[str, Any],
        key: str,
        now: float,
        *,
        uploaded: bool = False,
    ) -> Batch:
        """Accept a batch; with `parallel_processing` all videos start at once, else one after the other."""
        batch_id = "bat_" + digest("batch", self._seed, len(self._batches), *urls)[:20]
        per_video = options.get("max_highlights_per_video")
        chosen = {**options, "max_highlights": per_video} if per_video is not None else options
        videos: list[Stream] = []
        wait_s = 0.0
        for url in urls:
            submission = Submission(source_url=url, options=chosen)
            video = self._world.admit(account, submission, key, now, batch_id=batch_id, wait_s=wait_s)
            videos.append(video)
            if not options.get("parallel_processing", False):
                wait_s += video.plan.pending + video.plan.ends_at
        batch = Batch(batch_id, account, options, videos, uploaded, now)
        self._batches[batch_id] = batch
        return batch

    def find(self, account: str, batch_id: str) -> Batch | None:
        """Return a batch of the account."""
        batch = self._batches.get(batch_id)
        return batch if batch is not None and batch.account == account else None

    def cancel(self, batch: Batch, now: float) -> None:
        """Stop what still runs; highlights found so far stay."""
        if batch.status(now) in ("completed", "error"):
            return
        batch.cancelled_at = now
        for video in batch.videos:
            if video.live:
                self._world.stop(video, now)
