"""Speaks to gateways. Knows no database and no page.

``Gateway`` asks, ``GatewayProfile`` says whom, ``ChatRequest`` says what, and the events say what came back.
Whatever goes wrong is a ``GatewayError``.
"""

from __future__ import annotations

from chat_ui.gateway.client import Gateway
from chat_ui.gateway.decode import StreamDecoder
from chat_ui.gateway.demo import DemoTransport, demo_profile
from chat_ui.gateway.errors import (
    BadRequest,
    BrokenStream,
    ConnectionFailed,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    ContextTooLong,
    EmptyAnswer,
    EventTooLarge,
    FirstContentTimeout,
    Forbidden,
    GatewayDown,
    GatewayError,
    HostNotFound,
    InvalidBaseURL,
    InvalidKey,
    ModelNotFound,
    NoModels,
    NotAnAPI,
    NotFound,
    PaymentRequired,
    QuotaUsedUp,
    RateLimited,
    Side,
    Stalled,
    StatusError,
    StreamCut,
    StreamError,
    TLSFailure,
    TooLarge,
    TooSlow,
    Unauthorized,
    UnexpectedRedirect,
)
from chat_ui.gateway.events import (
    Finish,
    FinishReason,
    Metadata,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from chat_ui.gateway.lease import ClientPool
from chat_ui.gateway.models import Model
from chat_ui.gateway.probe import ProbeReport, probe
from chat_ui.gateway.profile import Clocks, Dialect, GatewayProfile
from chat_ui.gateway.request import ChatMessage, ChatRequest, Role
from chat_ui.gateway.sse import ServerSentEvent, SSEDecoder

__all__ = [
    "BadRequest",
    "BrokenStream",
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
    "HostNotFound",
    "InvalidBaseURL",
    "InvalidKey",
    "Metadata",
    "Model",
    "ModelNotFound",
    "NoModels",
    "NotAnAPI",
    "NotFound",
    "PaymentRequired",
    "ProbeReport",
    "QuotaUsedUp",
    "RateLimited",
    "ReasoningDelta",
    "Role",
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
    "TooSlow",
    "ToolCallDelta",
    "Unauthorized",
    "UnexpectedRedirect",
    "Usage",
    "demo_profile",
    "probe",
]
