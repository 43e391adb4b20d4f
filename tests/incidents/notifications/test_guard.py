"""Where a webhook may go: thirty addresses that it may not, and the few that it may."""

from __future__ import annotations

import pytest

from dagnosis.errors import WrongUse
from dagnosis.incidents.notifications.contract import Undelivered
from dagnosis.incidents.notifications.guard import checked, resolve

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.9.9",
    "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192",
    "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:0a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "::127.0.0.1", "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(Undelivered, match="no public address") as caught:
        checked("https://hooks.example/x", resolver=lambda *_: [address])
    assert not caught.value.again


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "localhost",
        "localhost.",
    ],
)
def test_other_ways_to_write_this_machine(host: str) -> None:
    with pytest.raises(Undelivered, match=r"no public address|not known"):
        checked(f"http://{host}:8080/", resolver=resolve)


def test_one_private_address_among_others_is_enough() -> None:
    with pytest.raises(Undelivered, match="no public address"):
        checked("https://hooks.example", resolver=lambda *_: ["93.184.216.34", "10.0.0.1"])


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses(address: str) -> None:
    target = checked("https://hooks.example/a?b=c", resolver=lambda *_: [address])
    assert (target.secure, target.host, target.port) == (True, "hooks.example", 443)
    assert (target.address, target.path) == (address, "/a?b=c")


@pytest.mark.parametrize(
    "allowed",
    ["alerts.internal", " Alerts.Internal. , x", "10.0.0.0/8", "10.1.2.3", "fd00::/8,10.1.0.0/16"],
)
def test_what_a_setting_allows(allowed: str) -> None:
    target = checked("http://alerts.internal:9093", allowed, lambda *_: ["10.1.2.3"])
    assert (target.address, target.port, target.path) == ("10.1.2.3", 9093, "/")


@pytest.mark.parametrize(
    "allowed", ["internal", "other.internal", "10.2.0.0/16", "alerts.internal.evil.example"]
)
def test_what_a_setting_does_not_allow(allowed: str) -> None:
    with pytest.raises(Undelivered, match="notify_allow"):
        checked("http://alerts.internal:9093", allowed, lambda *_: ["10.1.2.3"])


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://a/", "file:///etc/passwd", "gopher://a:70/", "http://", "http://a:0/", "http://a:99999/",
        "http://[::1", "https://me:secret@hooks.example/", "http://a/\r\nHost: b", "http://a b/", "//a/",
    ],
)  # fmt: skip
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(WrongUse, match="address of a notifier") as caught:
        checked(url, resolver=lambda *_: ["93.184.216.34"])
    assert "secret" not in str(caught.value)


def test_names_that_are_not_known_are_tried_again() -> None:
    def gone(*_: object) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Undelivered, match="not known") as caught:
        checked("https://hooks.example", resolver=gone)
    assert caught.value.again
    with pytest.raises(Undelivered, match="no address"):
        checked("https://hooks.example", resolver=lambda *_: [])
