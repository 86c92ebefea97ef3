"""The raw rate of RSA-2048 signatures on one core: what a message with DKIM is held against."""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

_MEASURE_S = 1.0
_HEADERS = b"h" * 600


def signatures_per_s() -> float:
    """Sign for a second, and return how many that were."""
    key = generate_private_key(65537, 2048)
    count = 0
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < _MEASURE_S:
        key.sign(_HEADERS, PKCS1v15(), SHA256())
        count += 1
    return count / took
