"""Where a notice may be sent: public addresses, and those that a setting allows by name.

A webhook's address can be anybody's wish. Without a guard it reaches what only this machine reaches: the
metadata service of a cloud, a database's port, an Airflow without a password. A name is therefore
resolved once, every address that it has is looked at, and the connection goes to that very address.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.incidents.notifications.contract import Undelivered

Address: TypeAlias = IPv4Address | IPv6Address
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
_NAT64 = ip_network("64:ff9b::/96")
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "5f00::/16")))
"""Networks for special uses that Python takes for public ones; clouds have metadata services there."""


class Target(msgspec.Struct, frozen=True):
    """An address that was looked at: connect to `address`, ask for `host`."""

    secure: bool
    host: str
    port: int
    address: str
    path: str


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def checked(url: str, allowed: str = "", resolver: Resolver = resolve) -> Target:
    """The target of a URL. `allowed` are host names and networks (10.0.0.0/8) that are no public
    ones and may be reached, with commas between.

    Raises `WrongUse` for what is no http(s) address, `Undelivered` (not to be tried again) for one
    that is not allowed, and `Undelivered` for a name that is not known now.
    """
    parts = _parts(url)
    host = (parts.hostname or "").rstrip(".")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        addresses = resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise Undelivered(f"{host}: the name is not known ({error})") from None
    if not addresses:
        raise Undelivered(f"{host}: the name has no address")
    names, networks = _allowed(allowed)
    if host.lower() not in names:
        for address in addresses:
            _look(host, address, networks)
    path = parts.path or "/"
    return Target(
        secure, host, port, addresses[0], f"{path}?{parts.query}" if parts.query else path
    )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WrongUse(f"the address of a notifier cannot be read ({error})") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise WrongUse("the address of a notifier must begin with http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise WrongUse("the address of a notifier holds a password: name it in a variable instead")
    if any(c.isspace() or not c.isprintable() for c in url):
        raise WrongUse("the address of a notifier holds a space or a control character")
    return parts


def _allowed(allowed: str) -> tuple[set[str], list[object]]:
    names, networks = set(), []
    for one in filter(None, (part.strip().lower() for part in allowed.split(","))):
        try:
            networks.append(ip_network(one, strict=False))
        except ValueError:
            names.add(one.rstrip("."))
    return names, list(networks)


def _look(host: str, address: str, networks: Sequence[object]) -> None:
    real = innermost(ip_address(address.partition("%")[0]))
    if any(real in network for network in networks):  # type: ignore[operator]
        return
    special = any(real in network for network in _SPECIAL)
    if special or not real.is_global or real.is_multicast or real.is_reserved:
        raise Undelivered(
            f"{host} is at {address}, which is no public address; to allow it, set notify_allow to"
            " the host's name or its network",
            again=False,
        )


def innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only wraps; otherwise the address itself.

    >>> str(innermost(ip_address("::ffff:169.254.169.254")))
    '169.254.169.254'
    """
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    wrapped = address.ipv4_mapped or address.sixtofour
    if address.teredo:
        wrapped = address.teredo[1]
    if wrapped is None and int(address) >> 32 == 0 and int(address) > 1:  # ::a.b.c.d, long retired
        wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
    return wrapped or address
