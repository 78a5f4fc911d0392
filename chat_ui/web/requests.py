"""What a request says of whoever sent it, as far as it can be believed."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from chat_ui.accounts.entry import From
from chat_ui.accounts.sessions import Visitor
from chat_ui.accounts.tokens import form_token, is_same, new_token
from chat_ui.settings import Settings

__all__ = ["VISITOR", "BadForm", "Browser", "next_of", "visitor_of", "wants_page"]

LARGEST_FORM = 16 * 1024
MOST_FIELDS = 12
VISITOR = "chat_ui.visitor"


class BadForm(Exception):  # noqa: N818
    """What was sent isn't a form of this site."""


class Browser:
    """Speaks to one browser: where it is, the cookies it keeps, the forms it sends.

    Args:
        settings: of the site.
    """

    def __init__(self, settings: Settings) -> None:
        self._hops = settings.trusted_proxies
        self.is_secure = settings.is_secure
        self._origin = origin_of(settings.public_url or "")
        # The prefix keeps other hosts of the same domain from setting it:
        # https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
        prefix = "__Host-" if self.is_secure else ""
        self.session_cookie = f"{prefix}chat_ui_session"
        self._form_cookie = f"{prefix}chat_ui_form"
        self._longest = round(settings.session_days * 86_400)

    def where(self, connection: HTTPConnection) -> From:
        """Where a request comes from: what the last trusted proxy says, or who is connected."""
        address = connection.client.host if connection.client else ""
        if self._hops:
            passed = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
            named = [one.strip() for one in passed if one.strip()]
            if len(named) >= self._hops:
                address = named[-self._hops]
        return From(address[:64], connection.headers.get("user-agent", ""))

    def is_ours(self, connection: HTTPConnection) -> bool:
        """Whether a page of this site sent a request; of no origin is whoever isn't a browser."""
        return connection.headers.get("origin") == self._origin

    def token(self, connection: HTTPConnection) -> str:
        """The token of the session; blank where there is none."""
        return connection.cookies.get(self.session_cookie, "")

    def keep(self, response: Response, token: str) -> None:
        """Have the browser keep the token of a session."""
        response.set_cookie(
            self.session_cookie,
            token,
            max_age=self._longest,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )
        response.delete_cookie(self._form_cookie, path="/", secure=self.is_secure, httponly=True)

    def forget(self, response: Response) -> None:
        """Have the browser forget the token of its session."""
        response.delete_cookie(self.session_cookie, path="/", secure=self.is_secure, httponly=True)

    def form_token(self, request: Request) -> tuple[str, str]:
        """What a form for this browser carries, and what the browser keeps to match it.

        Who is signed in has a session that matches; the second is blank then.
        """
        if visitor := visitor_of(request):
            return form_token(visitor.session_id), ""
        secret = request.cookies.get(self._form_cookie) or new_token()
        return form_token(secret), secret

    def keep_form(self, response: Response, secret: str) -> None:
        """Have the browser keep what matches the forms it gets."""
        if secret:
            response.set_cookie(
                self._form_cookie, secret, path="/", secure=self.is_secure, httponly=True, samesite="strict"
            )

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form that this site gave to this browser.

        Raises:
            BadForm: it is another site's, too large, or too old.
        """
        if not self.is_ours(request):
            raise BadForm
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_FORM:
                raise BadForm
        try:
            text = body.decode("ascii")
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            raise BadForm from None
        visitor = visitor_of(request)
        secret = visitor.session_id if visitor else request.cookies.get(self._form_cookie)
        if not secret or not is_same(fields.get("form_token", ""), form_token(secret)):
            raise BadForm
        return fields


def visitor_of(connection: HTTPConnection) -> Visitor | None:
    """Who sent a request, as the door found out."""
    return connection.scope.get(VISITOR)


def wants_page(connection: HTTPConnection) -> bool:
    """Whether a person's browser wants to show the answer."""
    return "text/html" in connection.headers.get("accept", "")


def origin_of(url: str) -> str:
    """The origin of an address, as browsers write it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def next_of(request: Request) -> str:
    """Where somebody wanted to go before they had to sign in: a page of this site, whatever was sent."""
    wanted = request.query_params.get("next", "")
    is_path = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable()
    return wanted if is_path and "\\" not in wanted and len(wanted) <= 200 else "/"
