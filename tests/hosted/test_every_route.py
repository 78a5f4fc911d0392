"""Every HTTP route there is, asked for by a stranger and by somebody else than its data's owner."""

from __future__ import annotations

import asyncio
import json
import re
from ipaddress import ip_address

from chat_ui.settings import Settings
from chat_ui.web import operating
from chat_ui.web.door import OPEN
from chat_ui.web.requests import Browser
from chat_ui.web.sign_in import routes
from tests.hosted.conftest import PASSWORD, StartHosted, come_in, submit
from tests.hosted.test_every_handler import every_handler, named
from tests.scripted import KEY, PATIENCE_S

FIGURES = "the-token-of-the-figures"
ELSEWHERE = "https://evil.example"
# Reflex's own, and what nobody has made yet.
OTHERS = (
    "/",
    "/c/x",
    "/settings",
    "/admin",
    "/_event/",
    "/_upload",
    "/all_routes",
    "/made/tomorrow",
    "/x.json",
)


def every_route() -> list[tuple[str, str]]:
    settings = Settings(hosted=True, public_url="http://localhost")
    own = [*routes(Browser(settings)), *operating.routes(settings)]
    found = [(method, route.path) for route in own for method in route.methods or ()]  # type: ignore[attr-defined]
    return [*found, *(("GET", path) for path in OTHERS), *(("POST", path) for path in OTHERS)]


def runs_no_script_but_ours(policy: str) -> None:
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert re.fullmatch(r"'self'( 'sha256-[\w+/]{43}=')+", rules["script-src"])
    assert (rules["default-src"], rules["img-src"]) == ("'self'", "'self' data: blob:")
    assert {rules[name] for name in ("object-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert rules["form-action"] == rules["connect-src"] == "'self'"


async def test_no_route_serves_a_stranger_or_another_site(start_hosted: StartHosted) -> None:
    site = await start_hosted(
        CHAT_UI_GATEWAY_URL="http://127.0.0.1:9/v1", CHAT_UI_GATEWAY_KEY=KEY, CHAT_UI_METRICS_TOKEN=FIGURES
    )
    ada = await come_in(site, site.first_link, "ada")
    bob = await come_in(site, await site.operate("invite_link", "user"), "bob")
    stranger = site.client()
    seen: list[str] = []
    for method, route in every_route():
        path = route.replace("{token}", "no-link")
        for name in ("", "chat_ui_session=guess", f"chat_ui_session={ada.id}"):
            answer = await stranger.request(method, path, headers={"Cookie": name, "Origin": ELSEWHERE})
            seen.append(answer.text + str(answer.headers))
            is_open = path in OPEN or path.startswith("/link/")
            expected = (200, 204, 400, 401, 403, 405, 410, 429) if is_open else (401,)
            if path == "/metrics":
                # Its lock is a token of its own; that somebody has a session opens nothing.
                expected = (401, 405)
                assert (await ada.client.get(path)).status_code == 401
            assert answer.status_code in expected, (method, path)
            runs_no_script_but_ours(answer.headers["content-security-policy"])
            assert answer.headers["x-frame-options"] == "DENY"
            assert "access-control-allow-origin" not in answer.headers
            assert "strict-transport-security" not in answer.headers
        if method == "POST":
            answer = await ada.client.post(path, data={"password": PASSWORD}, headers={"Origin": ELSEWHERE})
            assert answer.status_code in (303, 400, 403, 404, 405, 410, 429), path
    assert (await ada.client.get("/session")).status_code == 204

    figures = await stranger.get("/metrics", headers={"Authorization": f"Bearer {FIGURES}"})
    assert "chat_ui_requests_total" in figures.text
    seen.append(figures.text)

    # What somebody takes along is theirs alone, and lets nobody in.
    begun = {"id": "first", "text": "A word of bob's"}
    async with bob.socket("tab") as page:
        await page.call(named(every_handler(), "thread_state.send"), {"draft": begun})
        async with asyncio.timeout(PATIENCE_S):
            while site.rows("SELECT status FROM message WHERE role = 'assistant'") != [("failed",)]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    kept = (await bob.client.get("/export")).text
    head, conversation, account = map(json.loads, kept.splitlines())
    assert head == {"format": "chat-ui", "version": 1, "conversations": 1}
    assert conversation["messages"][0]["text"] == begun["text"]
    assert [person["name"] for person in account["account"]["user"]] == ["bob"]
    assert begun["text"] not in json.dumps(account)
    seen += [kept, (await ada.client.get("/export")).text]
    assert begun["text"] not in seen[-1]
    assert "argon2" not in "".join(seen)
    assert all(
        secret not in "".join(seen) for secret in (KEY, FIGURES, bob.client.cookies["chat_ui_session"])
    )
    assert '"ada"' not in seen[-2]

    gone = await submit(bob.client, "/leave", name="", password=PASSWORD)
    assert (gone.status_code, gone.headers["location"]) == (303, "/login")
    assert site.rows("SELECT name FROM user") == [("ada",)]
    assert site.site.stop() is not None
    assert KEY not in site.site.log


async def test_behind_tls_cookies_and_pages_say_so(start_hosted: StartHosted) -> None:
    site = await start_hosted(CHAT_UI_PUBLIC_URL="https://chat.example.com", CHAT_UI_TRUSTED_PROXIES="1")
    client = site.client()
    page = await client.get("/login", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    [cookie] = page.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-chat_ui_form=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    token = page.text.split('form_token" value="')[1].split('"')[0]
    fields = {"form_token": token, "name": "nobody", "password": "wrong"}
    headers = {
        "Origin": "https://chat.example.com",
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "Cookie": cookie.split(";")[0],
    }
    assert (await client.post("/login", data=fields, headers=headers)).status_code == 400
    # The last address is the one that one's own proxy has seen.
    assert site.rows("SELECT address FROM audit") == [("198.51.100.7",)]

    path = "/link/" + site.first_link.rpartition("/")[2]
    fields |= {"name": "ada", "new_password": PASSWORD}
    inside = await client.post(path, data=fields, headers=headers)
    assert inside.status_code == 303
    [session] = [each for each in inside.headers.get_list("set-cookie") if "session" in each]
    assert session.startswith("__Host-chat_ui_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(session.split("; "))


async def test_without_a_proxy_of_ones_own_nobody_is_believed(start_hosted: StartHosted) -> None:
    site = await start_hosted()
    client = site.client(headers={"X-Forwarded-For": "198.51.100.7"})
    assert (await submit(client, "/login", name="nobody", password="wrong")).status_code == 400
    [(address,)] = site.rows("SELECT address FROM audit")
    assert ip_address(address).is_loopback
