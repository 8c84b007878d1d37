"""Signatures that a webhook's receiver can check (https://www.standardwebhooks.com, version 1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_PREFIX = "whsec_"


def signing_key(secret: str) -> bytes:
    """Turn a secret into the key it stands for.

    ``whsec_`` and Base64 (padding may be missing) is decoded; anything else is the key itself.

    Raises
    ------
    ValueError
        The secret is empty, or begins with ``whsec_`` and is no Base64 after it.
    """
    if not secret.startswith(_PREFIX):
        if not secret:
            raise ValueError("the secret is empty, expected whsec_ and Base64, or any text")
        return secret.encode()
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("the secret begins with whsec_ but is no Base64 after it")
    return key


def headers(message_id: str, body: bytes, now: float, key: bytes | None) -> dict[str, str]:
    """Make the headers of one try.

    Parameters
    ----------
    message_id
        The same on every try, so that the receiver can drop what it already has.
    body
        The exact bytes that are sent.
    now
        Wall time of this try, seconds since the epoch.
    key
        What `signing_key` made; None leaves the signature out.
    """
    timestamp = str(int(now))
    fields = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    if key is not None:
        signed = b".".join((message_id.encode(), timestamp.encode(), body))
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        fields["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    return fields
