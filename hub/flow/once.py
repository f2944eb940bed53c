"""Once: what comes again under the same idempotency key is done once, and answered as the first time.

The answer is kept sealed by the key, and of what was sent a digest under it: only the client knows the
key, and nobody else can read either. Both are forgotten after two days (``hub.store.idempotency``).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.model.errors import Conflict
from hub.store import idempotency
from hub.store.pool import Connection


async def answer_of(connection: Connection, key: str, sent: bytes) -> bytes | None:
    """The answer kept for this key, None for a new one. Of two at once, the second waits for the first.

    ``sent``: everything that makes two requests the same. Raises Conflict ``idempotency.mismatch`` when
    the key came with something else.
    """
    kept = await idempotency.find(connection, _digest(key))
    if kept is None:
        return None
    if not hmac.compare_digest(kept[0], _digest_under(key, sent)):
        raise Conflict("idempotency.mismatch")
    return _cipher(key).decrypt(kept[1][:12], kept[1][12:], None)


async def keep(connection: Connection, key: str, sent: bytes, answer: bytes) -> None:
    """Keep the answer for the key, in the transaction of what it answers."""
    nonce = secrets.token_bytes(12)
    sealed = nonce + _cipher(key).encrypt(nonce, answer, None)
    await idempotency.keep(connection, _digest(key), _digest_under(key, sent), sealed)


def _digest(key: str) -> bytes:
    return hashlib.sha256(b"key:" + key.encode()).digest()


def _digest_under(key: str, sent: bytes) -> bytes:
    return hmac.digest(key.encode(), sent, "sha256")


def _cipher(key: str) -> ChaCha20Poly1305:
    """A cipher only the holder of the idempotency key can make (RFC 5869, RFC 8439)."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"bigear idempotency").derive(key.encode())
    return ChaCha20Poly1305(derived)
