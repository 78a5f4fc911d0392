from __future__ import annotations

import asyncio
import socket

import pytest

from chat_ui.gateway import Gateway, GatewayError, GatewayProfile
from chat_ui.gateway.guard import ForbiddenAddress, is_public, public_address
from tests.scripted import ScriptedGateway

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - to be refused
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
]
OUTSIDE = [
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::",
]
# As people and libc write it.
SPELLINGS = [
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_outside(address: str) -> None:
    assert is_public(address)


async def list_models(base_url: str) -> None:
    gateway = Gateway(GatewayProfile("connected", base_url, public_only=True))
    try:
        await gateway.models()
    finally:
        await gateway.aclose()


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_leads_inside(host: str) -> None:
    async with ScriptedGateway() as inside:
        base_url = f"http://{host}:{inside.port}/v1"
        with pytest.raises(GatewayError):
            await list_models(base_url)
        assert inside.listings == 0


async def test_a_gateway_that_is_allowed_is_reached() -> None:
    async with ScriptedGateway() as inside:
        gateway = Gateway(GatewayProfile(name="connected", base_url=inside.base_url))
        assert await gateway.models()
        await gateway.aclose()


async def test_every_address_of_a_name_counts_and_the_judged_one_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [["1.1.1.1", "10.0.0.1"], ["1.1.1.1"], ["127.0.0.1"]]

    async def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    with pytest.raises(ForbiddenAddress, match="CHAT_UI_PRIVATE_HOSTS"):
        await public_address("both.example", 443)
    # The address itself is handed on, so that the name isn't asked again, when it may lead elsewhere.
    assert await public_address("rebinding.example", 443) == "1.1.1.1"


async def test_a_name_that_leads_inside_the_next_time_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host == "1.1.1.1":
            raise socket.gaierror("out of reach here")
        address = "1.1.1.1" if asked.count(host) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with ScriptedGateway() as inside:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
        with pytest.raises(GatewayError):
            await list_models(f"http://rebinding.example:{inside.port}/v1")
        assert (inside.listings, asked) == (0, ["rebinding.example", "1.1.1.1"])
