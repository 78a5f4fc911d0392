"""The pages by which people come in, go out, and look after their account."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from chat_ui.accounts.errors import (
    AccountError,
    LinkIsDead,
    NameIsTaken,
    TooBusy,
    TooOften,
    UnfitName,
    UnfitPassword,
    WrongPassword,
)
from chat_ui.accounts.service import Accounts
from chat_ui.chat.trouble import in_words
from chat_ui.state.current import current_chat
from chat_ui.store.errors import StoreError
from chat_ui.store.portrait import portrait
from chat_ui.transfer import own
from chat_ui.web.html import NAME, NEW_PASSWORD, PASSWORD, Form, page
from chat_ui.web.requests import BadForm, Browser, next_of, visitor_of
from chat_ui.words import say

__all__ = ["routes"]

STALE = say("door.stale")
NO_STORE = {"Cache-Control": "no-store"}
# The field that has to be corrected; other errors are about none, or don't say about which.
CORRECTED = {
    NameIsTaken: NAME.name,
    UnfitName: NAME.name,
    UnfitPassword: NEW_PASSWORD.name,
    WrongPassword: PASSWORD.name,
}

Fields = dict[str, str]
Done = Callable[[Fields], Awaitable[str]]


class Pages:
    """Answers requests for these pages.

    Args:
        browser: how to speak to one.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def login(self, request: Request) -> Response:
        """Sign in."""
        if visitor_of(request):
            return _go(next_of(request))
        links = (("/signup", say("door.make_account")),) if _accounts().entry.sign_up_is == "open" else ()
        form = Form(say("door.sign_in"), "", (NAME, PASSWORD), say("door.sign_in"), links=links)
        where = self._browser.where(request)

        async def sign_in(fields: Fields) -> str:
            return await _accounts().entry.sign_in(fields["name"], fields["password"], where)

        return await self._answer(request, form, sign_in)

    async def signup(self, request: Request) -> Response:
        """Make an account, where anybody may."""
        if _accounts().entry.sign_up_is != "open":
            return _dead(say("door.by_invitation"))
        form = Form(
            say("door.make_account"),
            "",
            (NAME, NEW_PASSWORD),
            say("door.make_account"),
            links=(("/login", say("door.sign_in_instead")),),
        )
        where = self._browser.where(request)

        async def sign_up(fields: Fields) -> str:
            return await _accounts().entry.sign_up(fields["name"], fields["new_password"], where)

        return await self._answer(request, form, sign_up)

    async def link(self, request: Request) -> Response:
        """Come in by a link: as the first admin, as somebody invited, or with a new password."""
        token, where = request.path_params["token"], self._browser.where(request)
        try:
            invite, known_as = await _accounts().entry.look_at(token, where)
        except AccountError as error:
            return _dead(str(error), _status(error))
        title, words, button = {
            "setup": (say("door.setup"), say("door.setup.what"), say("door.setup.button")),
            "invite": (say("door.invite"), say("door.invite.what"), say("door.invite.button")),
            "reset": (say("door.reset"), say("door.signed_out_elsewhere"), say("door.reset.button")),
        }[invite.kind]
        name = replace(NAME, value=known_as, is_fixed=bool(known_as))
        form = Form(title, "", (name, NEW_PASSWORD), button, words)

        async def take(fields: Fields) -> str:
            return await _accounts().entry.take(token, fields["name"], fields["new_password"], where)

        return await self._answer(request, form, take)

    async def password(self, request: Request) -> Response:
        """Change one's password."""
        visitor, where = visitor_of(request), self._browser.where(request)
        assert visitor is not None
        name = replace(NAME, value=visitor.person.name, is_fixed=True)
        old = replace(PASSWORD, label=say("door.present_password"))
        form = Form(
            say("door.change_password"),
            "",
            (name, old, NEW_PASSWORD),
            say("door.change_password.button"),
            say("door.signed_out_elsewhere"),
            links=(("/settings", say("door.back")),),
        )

        async def change(fields: Fields) -> str:
            entry = _accounts().entry
            return await entry.change_password(visitor, fields["password"], fields["new_password"], where)

        return await self._answer(request, form, change, done="/settings")

    async def leave(self, request: Request) -> Response:
        """Delete one's account."""
        visitor, where = visitor_of(request), self._browser.where(request)
        assert visitor is not None
        name = replace(NAME, value=visitor.person.name, is_fixed=True)
        form = Form(
            say("door.leave"),
            "",
            (name, PASSWORD),
            say("door.leave.button"),
            say("door.leave.what"),
            links=(("/settings", say("door.back")),),
            is_grave=True,
        )

        async def delete(fields: Fields) -> str:
            accounts, person = _accounts(), visitor.person
            await accounts.entry.check_password(visitor, fields["password"], where)
            await accounts.administration.delete(person, person.id, where.address)
            return ""

        return await self._answer(request, form, delete, done="/login")

    async def export(self, request: Request) -> Response:
        """All that is kept of whoever asks: their conversations, which can be imported, then the rest."""
        visitor = visitor_of(request)
        assert visitor is not None
        named = {"Content-Disposition": 'attachment; filename="chat-ui.jsonl"'}
        kept = _kept(visitor.person.id)
        return StreamingResponse(kept, media_type="application/jsonl", headers=NO_STORE | named)

    async def logout(self, request: Request) -> Response:
        """Sign out; the form stands in the page itself."""
        visitor = visitor_of(request)
        assert visitor is not None
        try:
            await self._browser.form(request)
        except BadForm:
            return _dead(STALE, 400)
        await _accounts().entry.sign_out(visitor, self._browser.where(request))
        response = _go("/login")
        self._browser.forget(response)
        return response

    async def session(self, request: Request) -> Response:
        """Whether the browser is signed in; a page that can't reach its websocket asks."""
        return Response(status_code=204 if visitor_of(request) else 401, headers=NO_STORE)

    async def _answer(self, request: Request, form: Form, do: Done, *, done: str = "") -> Response:
        """Show a form, or do what it was sent for and go on."""
        if request.method != "POST":
            return self._show(request, form)
        fields: Fields = {}
        try:
            fields = await self._browser.form(request)
            token = await do(fields)
        except (BadForm, KeyError):
            return self._show(request, replace(form, error=STALE), 400)
        except (AccountError, StoreError) as error:
            again = tuple(
                replace(field, value=fields.get(field.name, "")) if not field.is_secret else field
                for field in form.fields
            )
            refused = replace(form, error=in_words(error), wrong=CORRECTED.get(type(error), ""), fields=again)
            return self._show(request, refused, _status(error), error)
        response = _go(done or next_of(request))
        if token:
            self._browser.keep(response, token)
        else:
            self._browser.forget(response)
        return response

    def _show(
        self, request: Request, form: Form, status: int = 200, error: Exception | None = None
    ) -> Response:
        token, secret = self._browser.form_token(request)
        response = HTMLResponse(replace(form, token=token).html(), status, headers=NO_STORE)
        if isinstance(error, TooOften):
            response.headers["retry-after"] = str(int(error.wait.total_seconds()) + 1)
        self._browser.keep_form(response, secret)
        return response


def routes(browser: Browser) -> list[BaseRoute]:
    """The routes of these pages."""
    pages, both = Pages(browser), ["GET", "POST"]
    return [
        Route("/login", pages.login, methods=both),
        Route("/signup", pages.signup, methods=both),
        Route("/link/{token}", pages.link, methods=both),
        Route("/password", pages.password, methods=both),
        Route("/leave", pages.leave, methods=both),
        Route("/export", pages.export, methods=["GET"]),
        Route("/logout", pages.logout, methods=["POST"]),
        Route("/session", pages.session, methods=["GET"]),
    ]


async def _kept(owner: str) -> AsyncGenerator[bytes]:
    db = current_chat().db
    async for line in own.give_out(db, owner):
        yield line
    async with db.read() as tx:
        account = await portrait(tx, owner)
    yield json.dumps({"account": account}, default=str, ensure_ascii=False).encode()


def _accounts() -> Accounts:
    accounts = current_chat().accounts
    assert accounts is not None
    return accounts


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, headers=NO_STORE)


def _dead(words: str, status: int = 403) -> Response:
    body = f'<p>{escape(words)}</p><p class="door-links"><a href="/login">{say("door.sign_in")}</a></p>'
    return HTMLResponse(page(say("door.nowhere"), body), status, headers=NO_STORE)


def _status(error: Exception) -> int:
    if isinstance(error, TooOften):
        return 429
    if isinstance(error, TooBusy | StoreError):
        return 503
    return 410 if isinstance(error, LinkIsDead) else 400
