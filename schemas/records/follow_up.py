"""``tldr.follow-ups.v1``: what is to be done after a stream, as it changes, and a reminder before it is due."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from schemas.records.base import Identifier, Instant, Record

FollowUpKind = Literal["opened", "changed", "withdrawn", "reminder"]


class FollowUp(Record, kw_only=True):
    """What became of one item. The Kafka key is ``request_id``.

    Attributes:
        request_id: The request.
        tenant: Who the work was for.
        user_id: The user on whose behalf the tenant asked.
        item_id: The item, the same in each revision of the document.
        kind: opened: new; changed: as it is now; withdrawn: no longer in the document; reminder: due soon.
        revision: The summary's revision in which the item stands so.
        text: What is to be done.
        assignee: Who does it, if anybody is named.
        due: By when.
        due_text: The words in which that was said, if it was.
        priority: As the profile has it; empty when nothing was said.
        remind_at: When the reminder is sent; empty when none will be.
        no_reminder: Why none will be: no_due, past_due, sent or withdrawn; empty when one will.
        evidence: The grounds for the item, as in the summary's document.
        profile: The profile that found it, with its version: meetings@1.
        source_url: The stream, as the request named it.
        published_at: When the pipeline published this record.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    tenant: Identifier
    user_id: Identifier | None = None
    item_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    kind: FollowUpKind
    revision: Annotated[int, msgspec.Meta(ge=1)]
    text: str
    assignee: str | None = None
    due: Instant | None = None
    due_text: str | None = None
    priority: str = ""
    remind_at: Instant | None = None
    no_reminder: Literal["", "no_due", "past_due", "sent", "withdrawn"] = ""
    evidence: list[dict[str, Any]] = []
    profile: str
    source_url: str
    published_at: Instant
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
