from __future__ import annotations

import os
import re
import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from chat_ui.chat.configured import profiles_from, wallet_from
from chat_ui.gateway.presets import PRESETS
from chat_ui.settings import (
    KEY_VARIABLES,
    OPENAI_BASE_URL,
    WALLET_VARIABLE,
    GatewayTable,
    Settings,
    SettingsError,
    get_settings,
    load_settings,
)

KEY = "sk-the-key-that-nobody-may-see"
WALLET_KEY = "4c" * 32


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CHAT_UI_{name.upper()}", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    for name in (*KEY_VARIABLES, WALLET_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def loaded(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def key_of(settings: Settings) -> str | None:
    return None if settings.gateway_key is None else settings.gateway_key.get_secret_value()


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.gateway_url, settings.gateway_key, settings.gateway_model) == (None, None, None)
    assert (settings.gateway_dialect, settings.gateway_trust_env) == ("openai", False)
    assert settings.data_dir.is_absolute()
    assert settings.data_dir.is_relative_to(tmp_path / "home")


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = loaded(
        monkeypatch,
        CHAT_UI_GATEWAY_URL=" http://gateway.test/v1 ",
        CHAT_UI_GATEWAY_KEY=KEY,
        CHAT_UI_GATEWAY_MODEL=" large ",
        CHAT_UI_GATEWAY_TRUST_ENV="true",
        CHAT_UI_DATA_DIR="here/../data",
        CHAT_UI_DATABASE_URL="sqlite:////elsewhere.db",
        CHAT_UI_MAX_MESSAGE_CHARS="5000",
    )
    assert (settings.gateway_url, key_of(settings)) == ("http://gateway.test/v1", KEY)
    assert (settings.gateway_model, settings.gateway_trust_env) == ("large", True)
    assert settings.data_dir == tmp_path / "data"
    assert (settings.database_url, settings.max_message_chars) == ("sqlite:////elsewhere.db", 5000)


def test_the_key_stays_out_of_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, CHAT_UI_GATEWAY_URL="http://gateway.test/v1", CHAT_UI_GATEWAY_KEY=KEY)
    assert KEY not in f"{settings!r}{settings}{settings.model_dump()}"


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_is_unset(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    plain = load_settings()
    names = ["GATEWAY_URL", "GATEWAY_KEY", "GATEWAY_MODEL", "DATABASE_URL"]
    if not blank:
        names += ["DATA_DIR", "GATEWAY_DIALECT", "MAX_MESSAGE_CHARS"]
    assert loaded(monkeypatch, **{f"CHAT_UI_{name}": blank for name in names}) == plain


def test_a_home_directory_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, CHAT_UI_DATA_DIR="~/chats").data_dir == Path.home().resolve() / "chats"


@pytest.mark.parametrize(
    ("url", "is_found"),
    [
        ("sqlite:///chats.db", "sqlite:///{here}/chats.db"),
        ("sqlite+aiosqlite:///a/../b.db?x=1", "sqlite+aiosqlite:///{here}/b.db?x=1"),
        ("sqlite:////data/chats.db", "sqlite:////data/chats.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql:///chats", "postgresql:///chats"),
    ],
)
def test_a_database_lies_where_the_command_runs_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, is_found: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert loaded(monkeypatch, CHAT_UI_DATABASE_URL=url).database_url == is_found.format(here=tmp_path)


@pytest.mark.parametrize(
    ("environment", "url", "key"),
    [
        ({"OPENAI_API_KEY": KEY}, OPENAI_BASE_URL, KEY),
        ({"OPENAI_BASE_URL": "http://a.test/v1"}, "http://a.test/v1", None),
        ({"OPENAI_BASE_URL": "http://a.test/v1", "OPENAI_API_KEY": KEY}, "http://a.test/v1", KEY),
        ({"OPENAI_API_KEY": KEY, "CHAT_UI_GATEWAY_KEY": "own"}, OPENAI_BASE_URL, "own"),
        ({"OPENAI_API_KEY": KEY, "CHAT_UI_GATEWAY_URL": "http://b.test/v1"}, "http://b.test/v1", None),
        ({"OPENAI_BASE_URL": " ", "OPENAI_API_KEY": ""}, None, None),
    ],
)
def test_the_usual_names_are_a_fallback_and_never_lend_their_key_to_another_host(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str | None, key: str | None
) -> None:
    settings = loaded(monkeypatch, **environment)
    assert (settings.gateway_url, key_of(settings)) == (url, key)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAT_UI_GATEWAY_DIALECT", "klingon"),
        ("CHAT_UI_MAX_MESSAGE_CHARS", "0"),
        ("CHAT_UI_MAX_MESSAGE_CHARS", "many"),
        ("CHAT_UI_GATEWAY_TRUST_ENV", "perhaps"),
        ("CHAT_UI_DATABASE_URL", "somewhere"),
        ("CHAT_UI_REDIS_URL", "somewhere"),
        ("CHAT_UI_REDIS_URL", "redis://:pass/word@host"),
        ("CHAT_UI_METRICS_TOKEN", "too-short"),
    ],
)
def test_an_error_names_the_variable_and_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        loaded(monkeypatch, CHAT_UI_GATEWAY_KEY=KEY, **{name: value})
    words = str(raised.value)
    assert name in words
    assert value not in words.replace(name, "") or len(value) == 1
    assert KEY not in words
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_several_errors_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"GATEWAY_DIALECT.*; .*MAX_MESSAGE_CHARS"):
        loaded(monkeypatch, CHAT_UI_GATEWAY_DIALECT="x", CHAT_UI_MAX_MESSAGE_CHARS="x")


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    get_settings.cache_clear()
    try:
        first = get_settings()
        monkeypatch.setenv("CHAT_UI_GATEWAY_MODEL", "later")
        assert get_settings() is first
    finally:
        get_settings.cache_clear()


TWO = """
max_message_chars = 7000

[[gateways]]
name = "team"
base_url = "http://team.test/v1"
key_env = "TEAM_KEY"
dialect = "tokenhub"

[[gateways]]
name = "openai"
model = "large"
"""


def written(monkeypatch: pytest.MonkeyPatch, file: Path, content: str, **environment: str) -> Settings:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    file.chmod(0o600)
    return loaded(monkeypatch, **environment)


def gateways_of(settings: Settings) -> dict[str, tuple[str | None, str | None]]:
    return {
        table.name: (table.base_url, table.key.get_secret_value() if table.key else None)
        for table in settings.gateways
    }


def test_a_file_names_gateways_and_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "chat_ui.toml"
    settings = written(monkeypatch, file, TWO, TEAM_KEY=KEY, OPENAI_API_KEY="sk-openai")
    assert gateways_of(settings) == {"team": ("http://team.test/v1", KEY), "openai": (None, "sk-openai")}
    assert (settings.max_message_chars, settings.config, settings.gateway_url) == (7000, file, None)
    assert settings.gateways[0].dialect == "tokenhub"
    assert KEY not in f"{settings!r}"
    assert loaded(monkeypatch, CHAT_UI_MAX_MESSAGE_CHARS="5").max_message_chars == 5


@pytest.mark.parametrize(
    ("place", "environment"),
    [("named/any.toml", "CHAT_UI_CONFIG"), ("data/chat_ui.toml", "CHAT_UI_DATA_DIR")],
)
def test_the_file_may_lie_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str, environment: str
) -> None:
    file = tmp_path / place
    value = str(file if environment == "CHAT_UI_CONFIG" else file.parent)
    assert written(monkeypatch, file, TWO, TEAM_KEY=KEY, **{environment: value}).config == file


def test_variables_switch_gateways_on(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {name: f"sk-{number}" for number, name in enumerate(KEY_VARIABLES)}
    settings = loaded(
        monkeypatch, CHAT_UI_GATEWAY_URL="http://a.test/v1", OPENAI_BASE_URL="http://b.test/v1", **keys
    )
    known = gateways_of(settings)
    assert {name: key for name, (_, key) in known.items()} == {
        name: keys[variable] for variable, name in KEY_VARIABLES.items()
    }
    assert {name: url for name, (url, _) in known.items() if url} == {"openai": "http://b.test/v1"}


def test_a_key_of_the_environment_goes_to_its_own_gateway_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = '[[gateways]]\nname = "openrouter"\nbase_url = "http://elsewhere.test/v1"'
    settings = written(monkeypatch, tmp_path / "chat_ui.toml", content, OPENROUTER_API_KEY=KEY)
    assert gateways_of(settings) == {"openrouter": ("http://elsewhere.test/v1", None)}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("x = 1\ngateway_url = sk-secret", r"isn't TOML \(line 2"),
        ("no_such = 'sk-secret'", r"there is no setting no_such\.$"),
        ("gatway_key = 'sk-secret'", r"no setting gatway_key \(did you mean gateway_key\?\)"),
        ("[[gateway]]\nname = 'sk-secret'", r"no setting gateway \(did you mean gateways\?\)"),
        ("[[prices]]\ngateway = 'a'\nmodel = 'sk-secret'", r"\[\[prices\]\] number 1, input: Field required"),
        ("private_hosts = [7]", "chat_ui.toml: private_hosts: "),
        ("gateways = 'sk-secret'", "gateways: "),
        ("max_message_chars = 'sk-secret'", "chat_ui.toml: max_message_chars: "),
        ("[[gateways]]\nbase_url = 'sk-secret'", r"\[\[gateways\]\] number 1, name: Field required"),
        ("[[gateways]]\nname = 'Sk Secret'", r"number 1, name: it takes small letters"),
        ("[[gateways]]\nname = 'demo'", r"'demo', name: the site itself"),
        ("[[gateways]]\nname = 'a'\nzzz = 'sk-secret'", "'a', zzz: there is no such field$"),
        ("[[gateways]]\nname = 'a'\nbase-url = 'sk-secret'", r"base-url: .* \(did you mean base_url\?\)$"),
        ("[[gateways]]\nname = 'a'\ndialect = 'sk-secret'", "'a', dialect: "),
        ("[[gateways]]\nname = 'a'\nkey_env = 'NOT_SET'", "'a', key_env: the variable it names isn't set"),
        (
            "[[gateways]]\nname = 'a'\nkey = 'sk-secret'\nkey_env = 'X'",
            "key_env: the table has a key as well",
        ),
        (
            "[[gateways]]\nname = 'a'\nclocks = { patience = 5 }",
            "'a', clocks, patience.*: Input should be 'connect'",
        ),
        (
            "[[gateways]]\nname = 'a'\nclocks = { gap = 0 }",
            "'a', clocks, gap: Input should be greater than 0",
        ),
        ("[[gateways]]\nname = 'a'\n[[gateways]]\nname = 'a'", "twice there is a"),
        ("[gateways]\nname = 'a'", r"gateways: it takes tables .* begun by \[\[gateways\]\], in double"),
    ],
)
def test_an_error_in_the_file_names_the_place_and_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, expected: str
) -> None:
    file = tmp_path / "chat_ui.toml"
    with pytest.raises(SettingsError, match=expected) as raised:
        written(monkeypatch, file, content)
    assert str(file) in str(raised.value)
    assert "secret" not in str(raised.value).lower()


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml can't be read"):
        loaded(monkeypatch, CHAT_UI_CONFIG=str(tmp_path / "missing.toml"))


@pytest.mark.parametrize(
    "written", ["chat.example.com", "https://", "https://a b.example", "https://me@a.example"]
)
def test_a_public_address_is_an_address(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    with pytest.raises(SettingsError, match="CHAT_UI_PUBLIC_URL: it takes an address without a path"):
        loaded(monkeypatch, CHAT_UI_PUBLIC_URL=written)


@pytest.mark.parametrize("port", ["x", "99999", "0"])
def test_a_public_address_has_a_port_that_there_is(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    with pytest.raises(SettingsError, match=r"^CHAT_UI_PUBLIC_URL: (it takes an address|Port )"):
        loaded(monkeypatch, CHAT_UI_PUBLIC_URL=f"https://a.example:{port}")


@pytest.mark.parametrize("name", ["CHAT_UI_CONFIG", "CHAT_UI_DATA_DIR"])
def test_a_path_leads_somewhere(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: it takes a path that leads somewhere"):
        loaded(monkeypatch, **{name: "~nobody-is-called-that/chats"})


def test_a_folder_with_a_name_that_can_not_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"toml can't be looked for: File name too long"):
        loaded(monkeypatch, CHAT_UI_DATA_DIR="/" + "chats" * 100)


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o600, False)])
def test_keys_that_others_can_read_are_warned_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    content = f'[[gateways]]\nname = "openrouter"\nkey = "{KEY}"'
    file = tmp_path / "chat_ui.toml"
    written(monkeypatch, file, content)
    caplog.clear()
    file.chmod(mode)
    load_settings()
    assert ("can be read by other users" in caplog.text) is warned
    assert KEY not in caplog.text


def test_the_documents_example_can_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = (Path(__file__).resolve().parent.parent / "docs" / "gateways.md").read_text()
    example = document.partition("```toml\n")[2].partition("```")[0]
    settings = written(monkeypatch, tmp_path / "chat_ui.toml", example, TEAM_TOKENHUB_KEY=KEY)
    assert [profile.name for profile in profiles_from(settings, None)] == ["team", "openrouter"]
    assert set(GatewayTable.model_fields) - {"key"} == set(re.findall(r"^(\w+) = ", example, re.MULTILINE))
    for preset in PRESETS.values():
        row = rf"^\| `{preset.key_env}` \| {preset.name} \| `{preset.base_url}`.* \| {preset.dialect} \|$"
        assert re.search(row, document, re.MULTILINE)


def test_a_wallet_switches_x_router_on_and_is_not_its_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = loaded(monkeypatch, X402_PRIVATE_KEY=WALLET_KEY, CHAT_UI_X402_PER_DAY="2.5")
    [profile] = profiles_from(settings, None)
    assert (profile.name, profile.x402, profile.key) == ("x-router", True, None)
    assert profile.base_url == "https://api.x-router.ai/v1"
    wallet = wallet_from(settings)
    assert wallet is not None
    assert not wallet.mainnet
    assert settings.x402_per_day == Decimal("2.5")
    assert WALLET_KEY not in repr(settings) + repr(wallet)


@pytest.mark.parametrize("name", ["x-router", "another"])
def test_no_gateway_is_sent_the_key_of_the_wallet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    content = f'[[gateways]]\nname = "{name}"\nbase_url = "http://a.test/v1"\nkey_env = "X402_PRIVATE_KEY"'
    with pytest.raises(SettingsError, match="is no gateway's key; leave key_env away") as caught:
        written(monkeypatch, tmp_path / "chat_ui.toml", content, X402_PRIVATE_KEY=WALLET_KEY)
    assert WALLET_KEY not in str(caught.value)


def test_a_wallet_that_can_not_be_one_is_said_without_quoting_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, X402_PRIVATE_KEY="not-a-key")
    with pytest.raises(SettingsError, match="64 hexadecimal digits") as caught:
        wallet_from(settings)
    assert "not-a-key" not in str(caught.value)


def test_a_paid_gateway_wants_a_wallet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = '[[gateways]]\nname = "paid"\nbase_url = "http://paid.test/v1"\nx402 = true'
    settings = written(monkeypatch, tmp_path / "chat_ui.toml", content)
    with pytest.raises(SettingsError, match=r"X402_PRIVATE_KEY isn't set, and paid is paid per request"):
        profiles_from(settings, None)


def test_a_wallet_is_not_taken_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no setting x402_private_key"):
        written(monkeypatch, tmp_path / "chat_ui.toml", f'x402_private_key = "{WALLET_KEY}"')


@pytest.mark.parametrize("name", ["PER_MESSAGE", "PER_CONVERSATION", "PER_DAY"])
@pytest.mark.parametrize("value", ["-1", "nan", "a dollar", "1e9"])
def test_a_cap_is_an_amount(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CHAT_UI_X402_{name}"):
        loaded(monkeypatch, **{f"CHAT_UI_X402_{name}": value})


def test_hosts_are_the_same_however_they_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hosts = ("ollama.internal", "10.0.0.1")
    assert loaded(monkeypatch, CHAT_UI_PRIVATE_HOSTS="Ollama.Internal, 10.0.0.1").private_hosts == hosts
    content = 'private_hosts = ["Ollama.Internal", " 10.0.0.1"]'
    monkeypatch.delenv("CHAT_UI_PRIVATE_HOSTS")
    assert written(monkeypatch, tmp_path / "chat_ui.toml", content).private_hosts == hosts


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://Chat.Example.com/", "https://chat.example.com"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        ("http://chat.example.com:80/", "http://chat.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://chat.example.com:8443", "https://chat.example.com:8443"),
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_the_public_address_is_read_as_browsers_write_it_wherever_it_stands(
    written: str, read: str, in_file: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if in_file:
        (tmp_path / "chat_ui.toml").write_text(f'public_url = "{written}"')
        assert load_settings().public_url == read
    else:
        assert loaded(monkeypatch, CHAT_UI_PUBLIC_URL=written).public_url == read
    # Reflex's own check of a websocket's origin knows the same.
    config = runpy.run_path(str(Path(__file__).resolve().parent.parent / "rxconfig.py"))["config"]
    assert read in config.cors_allowed_origins
