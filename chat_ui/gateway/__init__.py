"""Speaks to gateways. Knows no database and no page.

``Gateway`` asks, ``GatewayProfile`` says whom, ``ChatRequest`` says what, and the events say what came back.
Whatever goes wrong is a ``GatewayError``.
"""

from __future__ import annotations

from chat_ui.gateway.client import Gateway
from chat_ui.gateway.decode import StreamDecoder
from chat_ui.gateway.demo import DemoTransport, demo_profile
from chat_ui.gateway.errors import (
    BrokenStream,
    ConnectionFailed,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    EmptyAnswer,
    EventTooLarge,
    FirstContentTimeout,
    GatewayError,
    HeadersTimeout,
    HostNotFound,
    InvalidBaseURL,
    InvalidKey,
    NoModels,
    NotAnAPI,
    Side,
    Stalled,
    StreamCut,
    StreamError,
    TLSFailure,
    TookTooLong,
    TooSlow,
)
from chat_ui.gateway.events import (
    Finish,
    FinishReason,
    Metadata,
    ReasoningDelta,
    Receipt,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
    Waiting,
    renewed,
)
from chat_ui.gateway.fallback import Route, stream_with_fallback
from chat_ui.gateway.lease import ClientPool
from chat_ui.gateway.model_facts import Capabilities, Prices
from chat_ui.gateway.models import Model, chat_model
from chat_ui.gateway.offers import Price
from chat_ui.gateway.payment import Purse
from chat_ui.gateway.payment_errors import (
    CapReached,
    InvalidPrivateKey,
    MainnetIsOff,
    OfferRefused,
    PayeeChanged,
    PaymentError,
    PaymentRejected,
    PaymentsNotInstalled,
)
from chat_ui.gateway.probe import ProbeReport, probe
from chat_ui.gateway.profile import Clocks, Dialect, GatewayProfile
from chat_ui.gateway.request import ChatMessage, ChatRequest, Role
from chat_ui.gateway.retry import Patience
from chat_ui.gateway.sse import ServerSentEvent, SSEDecoder
from chat_ui.gateway.status_errors import (
    BadRequest,
    ContextTooLong,
    Forbidden,
    GatewayDown,
    ModelNotFound,
    NotFound,
    PaymentRequired,
    QuotaUsedUp,
    RateLimited,
    StatusError,
    TooLarge,
    TooManyAtOnce,
    Unauthorized,
    UnexpectedRedirect,
)
from chat_ui.gateway.wallet import Wallet

__all__ = [
    "BadRequest",
    "BrokenStream",
    "CapReached",
    "Capabilities",
    "ChatMessage",
    "ChatRequest",
    "ClientPool",
    "Clocks",
    "ConnectTimeout",
    "ConnectionFailed",
    "ConnectionLost",
    "ConnectionRefused",
    "ContextTooLong",
    "DemoTransport",
    "Dialect",
    "EmptyAnswer",
    "EventTooLarge",
    "Finish",
    "FinishReason",
    "FirstContentTimeout",
    "Forbidden",
    "Gateway",
    "GatewayDown",
    "GatewayError",
    "GatewayProfile",
    "HeadersTimeout",
    "HostNotFound",
    "InvalidBaseURL",
    "InvalidKey",
    "InvalidPrivateKey",
    "MainnetIsOff",
    "Metadata",
    "Model",
    "ModelNotFound",
    "NoModels",
    "NotAnAPI",
    "NotFound",
    "OfferRefused",
    "Patience",
    "PayeeChanged",
    "PaymentError",
    "PaymentRejected",
    "PaymentRequired",
    "PaymentsNotInstalled",
    "Price",
    "Prices",
    "ProbeReport",
    "Purse",
    "QuotaUsedUp",
    "RateLimited",
    "ReasoningDelta",
    "Receipt",
    "Role",
    "Route",
    "SSEDecoder",
    "ServerSentEvent",
    "Side",
    "Stalled",
    "StatusError",
    "StreamCut",
    "StreamDecoder",
    "StreamError",
    "StreamEvent",
    "TLSFailure",
    "TextDelta",
    "TooLarge",
    "TooManyAtOnce",
    "TooSlow",
    "TookTooLong",
    "ToolCallDelta",
    "Unauthorized",
    "UnexpectedRedirect",
    "Usage",
    "Waiting",
    "Wallet",
    "chat_model",
    "demo_profile",
    "probe",
    "renewed",
    "stream_with_fallback",
]
