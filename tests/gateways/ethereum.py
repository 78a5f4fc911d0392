"""The packages that sign and check payments, without what loading them does to this process."""

from __future__ import annotations

import sys

# One of them raises it so far that deeply nested JSON, which other tests parse, overflows the stack.
_LIMIT = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402
from eth_account.messages import encode_typed_data  # noqa: E402
from x402.http.utils import decode_payment_signature_header  # noqa: E402
from x402.mechanisms.evm.eip712 import hash_eip3009_authorization  # noqa: E402
from x402.mechanisms.evm.types import ExactEIP3009Payload  # noqa: E402

sys.setrecursionlimit(_LIMIT)

__all__ = [
    "Account",
    "ExactEIP3009Payload",
    "decode_payment_signature_header",
    "encode_typed_data",
    "hash_eip3009_authorization",
]
