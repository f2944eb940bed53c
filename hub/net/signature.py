"""The signature of a webhook, ours and those that we take: HMAC-SHA256 over ``<timestamp>.<raw body>``.

Header ``X-BigEar-Signature: t=<unix seconds>,v1=<hexadecimal>``; a timestamp more than five minutes
off is refused, so that a recorded request is of no use later.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from hub.ports.connector import Rejected

HEADER = "X-BigEar-Signature"
WINDOW_S = 300.0
_SHAPE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, timestamp_s: int, body: bytes) -> str:
    """The header's value for a body sent at that time."""
    mac = hmac.new(secret.encode(), f"{timestamp_s}.".encode() + body, hashlib.sha256)
    return f"t={timestamp_s},v1={mac.hexdigest()}"


def verify(secret: str, header: str | None, body: bytes, now_s: float) -> str:
    """The signature, which is this push's own: two pushes never share one.

    Raises Rejected ``signature.missing``, ``.invalid`` or ``.expired`` unless it is right.
    """
    if not header:
        raise Rejected("signature.missing")
    match = _SHAPE.fullmatch(header.strip())
    if match is None:
        raise Rejected("signature.invalid")
    timestamp_s = int(match[1])
    if not hmac.compare_digest(sign(secret, timestamp_s, body), header.strip()):
        raise Rejected("signature.invalid")
    if abs(now_s - timestamp_s) > WINDOW_S:
        raise Rejected("signature.expired")
    return match[2]
