"""A batch of videos sent along, as a multipart form: bytes in memory, so that exactly what is sent can be signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from pipeline.api.endpoints import BATCHES, to_json
from pipeline.api.envelope import one
from pipeline.api.models import Batch, BatchOptions
from pipeline.api.protocol import Call


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


def upload_batch(
    uploads: Sequence[Upload], *, boundary: str, options: BatchOptions | Mapping[str, Any] | None = None
) -> Call[Batch]:
    """Start a batch with the videos themselves in it. Not idempotent.

    Args:
        uploads: sent as parts named `files`.
        boundary: random text that no video contains; 32 hex digits will do.
        options: sent as a JSON part named `options`.
    """
    fields = {} if options is None else {"options": to_json(options)}
    body, content_type = _encode_form(fields, uploads, boundary=boundary)
    read = one(Batch, wrapper="batch")
    return Call("POST", BATCHES, BATCHES, read, body=body, content_type=content_type, idempotent=False)


def _encode_form(fields: Mapping[str, bytes], uploads: Sequence[Upload], *, boundary: str) -> tuple[bytes, str]:
    """Return the body and the content type of a form: `fields` first, then each upload as a part named `files`.

    httpx encodes it; its request object is used for that alone and goes nowhere.
    """
    content_type = f"multipart/form-data; boundary={boundary}"
    form = httpx.Request(
        "POST",
        "http://form.invalid",
        headers={"Content-Type": content_type},
        data=dict(fields),
        files=[("files", (upload.filename, upload.content, upload.content_type)) for upload in uploads],
    )
    return form.read(), content_type
