"""Sign requests the way the API asks of enterprise accounts."""

import hashlib
import hmac

TIMESTAMP_HEADER = "X-Timestamp"
SIGNATURE_HEADER = "X-Signature"


def sign(secret: str, *, method: str, path: str, timestamp: int, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of METHOD, PATH, TIMESTAMP and BODY joined by line feeds.

    Args:
        secret: the account's signing secret.
        method: upper case, such as `POST`.
        path: as sent, without the base's `/v1` and without the query, such as `/streams`.
        timestamp: unix seconds.
        body: the exact bytes sent; empty for a request without a body.
    """
    message = f"{method}\n{path}\n{timestamp}\n".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signature_headers(secret: str, *, method: str, path: str, now: float, body: bytes) -> dict[str, str]:
    """Return the two headers of a signed request; `now` is unix seconds."""
    timestamp = int(now)
    signature = sign(secret, method=method, path=path, timestamp=timestamp, body=body)
    return {TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: signature}
