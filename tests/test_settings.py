from __future__ import annotations

from pathlib import Path

import pytest

from chat_ui.settings import OPENAI_BASE_URL, Settings, SettingsError, get_settings, load_settings

KEY = "sk-the-key-that-nobody-may-see"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CHAT_UI_{name.upper()}", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
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
    assert not settings.data_dir.is_relative_to(tmp_path)


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
