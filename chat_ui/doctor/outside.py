"""The site as people reach it: by its public address, through whatever stands in between."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import socket
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from chat_ui.accounts.service import open_accounts
from chat_ui.doctor.findings import Finding, fails, good, warns
from chat_ui.doctor.inside import attached
from chat_ui.settings import Settings
from chat_ui.store import users
from chat_ui.store.errors import StoreError
from chat_ui.web.requests import Browser

__all__ = ["public_side"]

PATIENCE_S = 10.0
# An authority's certificates are renewed after two thirds of their time; this late, something failed.
LATE = 1 / 6
SOCKET = "/_event/?EIO=4&transport=websocket&token=doctor"
# The first thing that the server says on a websocket, in Engine.IO.
GREETING = b'0{"sid"'
ELSEWHERE = "https://elsewhere.invalid"
STARTED_WITH = "Start the site with the CHAT_UI_PUBLIC_URL that is set here, and restart it after a change."
UPGRADES = (
    "Let the proxy pass websockets on: Caddy's reverse_proxy does by itself; nginx needs proxy_http_version "
    "1.1, 'proxy_set_header Upgrade $http_upgrade' and 'proxy_set_header Connection upgrade'."
)


async def public_side(settings: Settings, *, has_database: bool) -> list[Finding]:
    """Look at the public address, TLS, and the websocket; what depends on something broken is left out.

    Args:
        settings: of the site.
        has_database: whether its database is there, where somebody can be signed in for a trial.
    """
    if not settings.hosted or settings.public_url is None:
        return [good("Public address", "this is a local site, for one person on this machine.")]
    address = await _address(settings.public_url)
    if address.state == "failure":
        return [address]
    try:
        _trust()
    except OSError as error:
        unread = f"SSL_CERT_FILE can't be read ({error.strerror})."
        return [
            address,
            fails("TLS", unread, side="the settings", todo="Name a file that this user may read."),
        ]
    secure = await asyncio.to_thread(_tls, settings)
    if secure.state == "failure" and settings.is_secure:
        return [address, secure]
    # Each request on a connection of its own, as those of different people are.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=settings.public_url, timeout=PATIENCE_S, verify=_trust(), limits=limits
    ) as client:
        ready = await _ready(client)
        passes = has_database and ready.state == "good"
        websocket = [await _websocket(settings, client)] if passes else []
    return [address, secure, ready, *websocket, _proxies(settings)]


def _trust() -> ssl.SSLContext:
    """Whom to believe: those that the system does, with those that SSL_CERT_FILE adds."""
    return ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or None)


async def _address(public_url: str) -> Finding:
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    about = "Public address"
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port)
    except socket.gaierror:
        return fails(
            about,
            f"{host} has no address.",
            side="DNS",
            todo="Add a record for it that leads to the proxy, or mend CHAT_UI_PUBLIC_URL.",
        )
    except (OSError, TimeoutError) as error:
        return fails(
            about,
            f"nothing answers at {host}, port {port} ({error or 'no answer'}).",
            side="the proxy, or the site where it has none, or a firewall",
            todo=f"See that it runs and listens on port {port}, and that the firewall lets people in.",
        )
    writer.close()
    return good(about, f"{public_url} is reached.")


def _tls(settings: Settings) -> Finding:
    parts = urlsplit(settings.public_url or "")
    host = parts.hostname or ""
    if not settings.is_secure:
        if host in ("localhost", "127.0.0.1", "::1"):
            return good("TLS", "none, which is fine on this machine alone.")
        return fails(
            "TLS",
            "people reach the site without it: passwords and answers can be read on the way.",
            side="the proxy, and the settings",
            todo="Put a proxy with a certificate before the site (deploy/Caddyfile), and let "
            "CHAT_UI_PUBLIC_URL begin with https://.",
        )
    try:
        with (
            socket.create_connection((host, parts.port or 443), PATIENCE_S) as plain,
            _trust().wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return fails(
            "TLS",
            f"the certificate isn't believed ({error.verify_message}).",
            side="the proxy",
            todo="Give it a certificate for this name. Of an authority of your own, name the root's file in "
            "SSL_CERT_FILE when you run this, and install it where people's browsers find it.",
        )
    except (OSError, TimeoutError) as error:
        return fails("TLS", f"it isn't spoken there ({error}).", side="the proxy", todo="See its log.")
    begins, ends = (ssl.cert_time_to_seconds(str(certificate[name])) for name in ("notBefore", "notAfter"))
    left = ends - time.time()
    if left < (ends - begins) * LATE:
        return warns(
            "TLS",
            f"the certificate ends in {left / 86_400:.1f} days.",
            side="the proxy",
            todo="See in its log why it isn't renewed.",
        )
    return good("TLS", "the certificate is believed.")


async def _ready(client: httpx.AsyncClient) -> Finding:
    about = "Site"
    try:
        answer = await client.get("/_health")
    except httpx.HTTPError as error:
        return fails(
            about, f"no answer came through ({error}).", side="the proxy", todo="See its log, and the site's."
        )
    try:
        said = answer.json()
        parts = {name: bool(said[name]) for name in ("serving", "database", "redis")}
    except (ValueError, KeyError, TypeError):
        return fails(
            about,
            f"what answers there isn't the site (status {answer.status_code}).",
            side="the proxy",
            todo="See that it passes everything to the address where 'chat-ui serve' listens, and that the "
            "site runs.",
        )
    if missing := [name for name, is_there in parts.items() if not is_there]:
        return fails(
            about,
            f"it answers, but isn't ready: {', '.join(missing)}.",
            side="what is named",
            todo="A site that isn't serving is starting or ending; the others are checked above.",
        )
    return good(about, "it answers at its public address, and is ready.")


def _proxies(settings: Settings) -> Finding:
    if settings.is_secure and settings.trusted_proxies == 0:
        return warns(
            "Proxies",
            "the site believes no X-Forwarded-For, so everybody seems to come from the proxy's address.",
            side="the settings",
            todo="Set CHAT_UI_TRUSTED_PROXIES to how many proxies of yours stand before it; usually 1.",
        )
    return good("Proxies", f"{settings.trusted_proxies} trusted.")


async def _websocket(settings: Settings, client: httpx.AsyncClient) -> Finding:
    """Open one as somebody who is signed in; then try it as a page of another site would."""
    about, origin = "Websocket", settings.public_url or ""
    try:
        async with _signed_in(settings) as cookie:
            if cookie is None:
                return warns(
                    about,
                    "not tried: the site has no admin yet.",
                    side="this site",
                    todo="Follow the link that 'chat-ui serve' prints at its start; then run this again.",
                )
            status, greets = await _upgrade(client, origin, cookie)
            strangers = await _upgrade(client, ELSEWHERE, cookie)
    except (StoreError, httpx.HTTPError) as error:
        return fails(about, f"it can't be tried ({error}).", side="the proxy", todo="See its log.")
    if status == 403:
        return fails(
            about, f"the site takes none of pages of {origin}.", side="the settings", todo=STARTED_WITH
        )
    if status != 101 or not greets:
        return fails(about, f"it doesn't come through (status {status}).", side="the proxy", todo=UPGRADES)
    if strangers[0] == 101:
        return fails(
            about,
            "pages of other sites can open it too.",
            side="the proxy",
            todo="Let the proxy pass the Origin header on as it came.",
        )
    return good(about, "it comes through, for the site's own pages only.")


@asynccontextmanager
async def _signed_in(settings: Settings) -> AsyncGenerator[str | None]:
    """The cookie of a session of an admin's that ends with the context; None where there is no admin."""
    async with attached(settings) as db:
        accounts = open_accounts(settings, db)
        async with db.read() as tx:
            people = await users.everybody(tx)
        admin = next((one for one in people if one.role == "admin" and one.status == "active"), None)
        if admin is None:
            yield None
            return
        token = await accounts.sessions.begin(admin.id, address="", agent="chat-ui doctor")
        try:
            yield f"{Browser(settings).session_cookie}={token}"
        finally:
            visitor = await accounts.sessions.find(token)
            if visitor is not None:
                await accounts.sessions.end(admin.id, visitor.session_id)


async def _upgrade(client: httpx.AsyncClient, origin: str, cookie: str) -> tuple[int, bool]:
    """Ask for a websocket; returns the status, and whether the site greets on it."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "Origin": origin,
        "Cookie": cookie,
    }
    async with client.stream("GET", SOCKET, headers=headers) as answer:
        if answer.status_code != 101:
            return answer.status_code, False
        stream = answer.extensions["network_stream"]
        return 101, GREETING in await stream.read(4096, timeout=PATIENCE_S)
