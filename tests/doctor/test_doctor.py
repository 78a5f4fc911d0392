"""Deployments that are set up wrongly, and what the doctor says of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_ui.cli import main
from chat_ui.doctor.findings import Finding
from chat_ui.doctor.inside import processes
from chat_ui.doctor.rounds import look_over
from chat_ui.settings import load_settings
from tests.browser.site import free_port
from tests.doctor.proxy import Proxy, drop_upgrades, unchanged, write_origin
from tests.hosted.conftest import StartHosted, come_in, start_hosted
from tests.postgres import PostgresServer
from tests.privileges import open_folder, without_privileges
from tests.redis_server import RedisServer
from tests.scripted import KEY, ScriptedGateway

__all__ = ["open_folder", "start_hosted"]


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("CHAT_UI_DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


async def found(about: str, **env: str) -> Finding:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        findings = {one.about: one for one in await look_over()}
    assert about in findings, findings
    for one in findings.values():
        # Whatever is wrong has a side.
        assert one.side or one.state == "good"
    return findings[about]


async def test_a_site_behind_a_proxy_that_is_set_up_in_every_way(
    start_hosted: StartHosted, set_to: pytest.MonkeyPatch
) -> None:
    async with Proxy() as proxy, ScriptedGateway() as gateway:
        env = {
            "CHAT_UI_PUBLIC_URL": proxy.url,
            "CHAT_UI_GATEWAY_URL": gateway.base_url,
            "CHAT_UI_HOSTED": "1",
        }
        site = await start_hosted(**env)
        nobody = await found("Site", **env)
        assert (nobody.state, nobody.side) == ("failure", "the proxy")
        assert "what answers there isn't the site (status 502)" in nobody.words
        proxy.target = site.site.port
        site.site.url = proxy.url

        early = await found("Websocket", **env)
        assert (early.state, "no admin yet" in early.words) == ("warning", True)
        ada = await come_in(site, site.first_link, "ada")
        sessions = site.rows("SELECT id FROM session")

        for name, value in env.items():
            set_to.setenv(name, value)
        assert [one for one in await look_over() if one.state != "good"] == []

        proxy.change = drop_upgrades
        dropped = await found("Websocket", **env)
        assert (dropped.state, dropped.side) == ("failure", "the proxy")
        assert "nginx needs" in dropped.todo

        proxy.change = write_origin(proxy.url)
        everybody = await found("Websocket", **env)
        assert "pages of other sites can open it too" in everybody.words

        proxy.change = unchanged
        elsewhere = proxy.url.replace("localhost", "127.0.0.1")
        wrong = await found("Websocket", **env | {"CHAT_UI_PUBLIC_URL": elsewhere})
        assert (wrong.state, wrong.side) == ("failure", "the settings")
        assert f"takes none of pages of {elsewhere}" in wrong.words
        assert "CHAT_UI_PUBLIC_URL" in wrong.todo

        # It leaves nobody signed in behind.
        assert site.rows("SELECT id FROM session") == sessions
        assert ada.client.cookies

        site.site.stop()
        assert (await found("Workers", **env)).words == "no process serves the site."


async def test_a_site_that_people_reach_itself_is_said_to_have_no_proxy(
    start_hosted: StartHosted, set_to: pytest.MonkeyPatch
) -> None:
    site = await start_hosted()
    await come_in(site, site.first_link, "ada")
    env = {"CHAT_UI_HOSTED": "1", "CHAT_UI_PUBLIC_URL": site.site.url}
    ready = await found("Site", **env)
    assert (ready.state, "proxy" in ready.words) == ("good", False)
    site.site.stop()
    gone = await found("Public address", **env)
    assert "the site where it has none" in gone.side


async def test_a_gateway_that_is_away_or_refuses_its_key(set_to: pytest.MonkeyPatch) -> None:
    async with ScriptedGateway() as gateway:
        env = {"CHAT_UI_GATEWAY_URL": gateway.base_url, "CHAT_UI_GATEWAY_KEY": KEY}
        gateway.key = KEY
        assert (await found("Gateway gateway", **env)).words == "it lists 2 models."
        gateway.key = "another"
        wrong = await found("Gateway gateway", **env)
        assert wrong.state == "failure"
        assert "key" in wrong.words
        assert KEY not in str(wrong)
    away = await found("Gateway gateway", **env)
    assert (away.state, "gateway" in away.side) == ("failure", True)


async def test_what_the_site_stands_on_and_is_not_there(
    set_to: pytest.MonkeyPatch, postgres: PostgresServer, redis: RedisServer
) -> None:
    assert (await found("Database")).words.endswith("Start the site: it makes one.")
    root = await found("Database", CHAT_UI_DATABASE_URL="sqlite:////")
    assert "something that isn't a file has its name" in root.words
    misspelt = await found("Settings", CHAT_UI_GATEWY_URL="http://127.0.0.1/v1", CHAT_UI_TLS="tls internal")
    assert (misspelt.state, misspelt.todo) == ("warning", "Did you mean CHAT_UI_GATEWAY_URL?")
    unknown = await found("Database", CHAT_UI_DATABASE_URL="mysql://host/chat")
    assert (unknown.state, unknown.side) == ("failure", "the settings")
    strange = await found("Database", CHAT_UI_DATABASE_URL="postgresql://host/chat?schema=chat")
    assert (strange.state, strange.side) == ("failure", "the settings")
    nowhere = f"localhost:{free_port()}"
    dead = await found("Redis", CHAT_UI_REDIS_URL=f"redis://:a-password@{nowhere}/0")
    assert (dead.state, dead.side) == ("failure", "Redis")
    assert "a-password" not in str(dead)
    assert (await found("Redis", CHAT_UI_REDIS_URL=redis.url())).words == "it answers."
    assert (await found("Settings", CHAT_UI_REDIS_URL="redit://x")).side == "the settings"
    gone = await found("Database", CHAT_UI_DATABASE_URL=f"postgresql://chat:a-password@{nowhere}/chat")
    assert (gone.state, gone.side) == ("failure", "the database")
    assert "a-password" not in str(gone)
    missing = await found("Database", CHAT_UI_DATABASE_URL=postgres.url("nobody_made_it"))
    assert "Make it with createdb" in missing.words
    empty = postgres.url(postgres.make_database())
    assert (await found("Database", CHAT_UI_DATABASE_URL=empty)).state == "warning"


async def test_a_data_folder_that_can_not_be_used(
    set_to: pytest.MonkeyPatch, open_folder: Path, tmp_path: Path
) -> None:
    set_to.chdir(open_folder)
    (tmp_path / "file").write_text("")
    inside = {"CHAT_UI_DATA_DIR": str(tmp_path / "file")}
    assert (await found("Disk", **inside)).state == "failure"
    assert "something that isn't a file" in (await found("Database", **inside)).words
    assert (await found("Gateways", **inside)).state == "warning"

    data, settings = open_folder / "data", open_folder / "own.toml"
    data.mkdir(mode=0o700)
    settings.write_text("")
    with without_privileges():
        shut = await found("Settings", CHAT_UI_DATA_DIR=str(data))
        assert f"{data}/chat_ui.toml can't be looked for: Permission denied. Run this as" in shut.words
        other = {"CHAT_UI_DATA_DIR": str(data), "CHAT_UI_CONFIG": str(settings)}
        assert "can't be written by this user" in (await found("Disk", **other)).words
        unmade = await found("Database", **other)
        assert f"can't be opened or made: this user can't write to {data}. Let the user" in unmade.words
        assert (unmade.state, unmade.side) == ("failure", "this machine")


async def test_all_that_is_odd_about_the_settings_is_said(set_to: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("CHAT_UI_HOSTED", "1"),
        ("CHAT_UI_PUBLIC_URL", "http://localhost"),
        ("CHAT_UI_SIGN_UP", "open"),
        ("CHAT_UI_TOKENS_PER_DY", "1000"),
        ("CHAT_UI_DOLLARS_PER_DY", "1"),
    ):
        set_to.setenv(name, value)
    odd = [one.words for one in await look_over() if one.about == "Settings"]
    assert odd == [
        "CHAT_UI_DOLLARS_PER_DY is set, and is no setting.",
        "CHAT_UI_TOKENS_PER_DY is set, and is no setting.",
        "anybody may make an account, and use models without a budget.",
    ]


async def test_a_database_that_goes_while_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_UI_DATABASE_URL", f"postgresql://chat@localhost:{free_port()}/chat")
    lost = await processes(load_settings())
    assert (lost.about, lost.state, lost.side) == ("Workers", "failure", "the database")


async def test_addresses_that_lead_nowhere_or_without_tls(set_to: pytest.MonkeyPatch) -> None:
    hosted = {"CHAT_UI_HOSTED": "1"}
    nowhere = await found("Public address", **hosted, CHAT_UI_PUBLIC_URL=f"https://localhost:{free_port()}")
    assert (nowhere.state, "nothing answers" in nowhere.words) == ("failure", True)
    unknown = await found("Public address", **hosted, CHAT_UI_PUBLIC_URL="https://chat.invalid")
    assert (unknown.state, unknown.side) == ("failure", "DNS")
    async with Proxy() as proxy:
        plain = await found("TLS", **hosted, CHAT_UI_PUBLIC_URL=proxy.url.replace("http:", "https:"))
        assert (plain.state, plain.side) == ("failure", "the proxy")
        there = hosted | {"CHAT_UI_PUBLIC_URL": proxy.url}
        unread = await found("TLS", **there, SSL_CERT_FILE="/nowhere/root.crt")
        assert (unread.state, unread.side) == ("failure", "the settings")


@pytest.mark.usefixtures("set_to")
def test_the_command_says_it_and_ends_with_a_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_UI_HOSTED", "1")
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "FAIL Settings: CHAT_UI_PUBLIC_URL isn't set" in said
    assert "Whose side: the settings" in said
    assert said.endswith("1 thing to mend.\n")
