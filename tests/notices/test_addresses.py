"""Which computers a webhook may reach."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.notices.channels.addresses import NotAllowed, look_up, may_reach, networks

INSIDE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the metadata of most clouds
    "100.100.100.200",  # and of another
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("text", INSIDE)
def test_what_is_inside_is_not_reached(text: str) -> None:
    assert not may_reach(ipaddress.ip_address(text), ())


@pytest.mark.parametrize("text", ["93.184.215.14", "::ffff:93.184.215.14", "2606:2800:21f::1"])
def test_what_is_public_is_reached(text: str) -> None:
    assert may_reach(ipaddress.ip_address(text), ())


def test_what_the_site_allows_is_reached_and_nothing_beside_it() -> None:
    allowed = networks(["10.20.0.0/16", " fc00:1::/32 ", ""])
    for text, may in [
        ("10.20.3.4", True),
        ("::ffff:10.20.3.4", True),
        ("10.21.3.4", False),
        ("fc00:1::7", True),
        ("fc00:2::7", False),
        ("169.254.169.254", False),
    ]:
        assert may_reach(ipaddress.ip_address(text), allowed) is may


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="10"):
        networks(["10.20.0.1/16"])


@given(st.ip_addresses(v=4))
def test_an_address_in_another_dress_is_the_same_address(inner: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{inner}")
    assert may_reach(mapped, ()) is may_reach(inner, ())
    if not may_reach(inner, ()):
        number = int(inner)
        for dressed in (
            ipaddress.IPv6Address((0x0064FF9B << 96) | number),
            ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ):
            assert not may_reach(dressed, ())


def test_a_name_with_one_door_inside_is_refused_altogether(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%eth0", port, 0, 2)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NotAllowed, match="ATTUNE_WEBHOOK_NETWORKS"):
        look_up("two-faced.example", 443, ())
    assert look_up("two-faced.example", 443, networks(["fe80::/10"])).in_url == "93.184.215.14"
