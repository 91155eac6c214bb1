"""Who may ask this server: its own pages, under the names and addresses that it is known by.

A page of another site may send requests here from a visitor's browser, and a name of that site may be made to point
at this machine (DNS rebinding). So every request must name a host that this server is known by, and one that says
from which page it comes (Origin) must come from a page of that host. `--origin` names further ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from app.network import loopback, names
from engine.errors import BadValue

HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")
ORIGIN = re.compile(r"(https?)://([^/]+)/?")
BASE = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
PORTS = {"http": 80, "https": 443}
PUBLIC = ("/static/", "/zoetrope/")
SHOWN = 80
"""Letters of a header that are repeated in a sentence."""


@dataclass(frozen=True)
class Host:
    """A name or an address, and a port where one is named."""

    name: str  # lower case; an address in its shortest form, without brackets
    port: int | None

    def on(self, scheme: str) -> tuple[str, int]:
        """Return name and port, the usual one of the scheme where none is named."""
        return self.name, PORTS[scheme] if self.port is None else self.port


def read_host(text: str) -> Host | None:
    """Read a Host header, or the part of an address that looks like one; None where it is malformed."""
    found = HOST.fullmatch(text)
    if found is None or int(found[3] or 0) > 65535:
        return None
    port = None if found[3] is None else int(found[3])
    if found[1] is None:
        name = found[2].lower().rstrip(".")
        return Host(address(name) or name, port) if name else None
    within = address(found[1])
    return Host(within, port) if within else None


def read_origin(text: str) -> tuple[str, Host] | None:
    """Read an Origin: scheme and host; None for "null", other schemes, and what is malformed."""
    found = ORIGIN.fullmatch(text)
    host = read_host(found[2]) if found else None
    return (found[1], host) if found and host else None


def address(text: str) -> str | None:
    """Return an IP address in its shortest form, None for anything else."""
    try:
        given: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = given.ipv4_mapped if isinstance(given, IPv6Address) else None
    return str(mapped or given)


@dataclass(frozen=True)
class Site:
    """Where this server stands: its names, the origins of further pages, its path, and the proxies before it."""

    names: frozenset[str] = frozenset(("localhost",))
    origins: frozenset[tuple[str, str, int]] = frozenset()
    base: str = ""  # "" or "/zoetrope"
    proxies: tuple[str, ...] = ()  # addresses and networks

    def objection(self, scope: Scope) -> str:
        """Say why a request is refused, with the option that would let it in; empty where it is welcome."""
        headers = Headers(scope=scope)
        given = self._given(headers, scope)
        host = read_host(given)
        if host is None or not self._knows(host.name, scope):
            return _unknown(given, host, scope)
        origins = headers.getlist("origin")
        if not origins or self._public(scope):
            return ""
        origin = read_origin(origins[0]) if len(origins) == 1 else None
        if origin is not None:
            scheme, page = origin
            if page.on(scheme) == host.on(scheme) or (scheme, *page.on(scheme)) in self.origins:
                return ""
        return _foreign(", ".join(origins), origin is not None, given)

    def _public(self, scope: Scope) -> bool:
        """Whether a file of the program itself is asked for: with it a page says why it gets nothing else."""
        reads = scope.get("method") in ("GET", "HEAD")
        return reads and str(scope["path"]).startswith(tuple(self.base + folder for folder in PUBLIC))

    def _given(self, headers: Headers, scope: Scope) -> str:
        """Return the host that was asked for, as a trusted proxy tells it or else as the request does."""
        forwarded = headers.getlist("x-forwarded-host")
        if forwarded and trusted(self.proxies, scope):
            return forwarded[-1].rpartition(",")[2].strip()  # the last is that of the proxy next to us
        named = headers.getlist("host")
        return named[0] if len(named) == 1 else ", ".join(named)

    def _knows(self, name: str, scope: Scope) -> bool:
        if name in self.names or loopback(name):
            return True
        here = scope.get("server") or [""]
        return address(name) is not None and address(str(here[0])) == name


def trusted(proxies: Iterable[str], scope: Scope) -> bool:
    """Whether a request comes straight from one of these addresses and networks."""
    client = address(str((scope.get("client") or [""])[0]))
    return client is not None and any(ip_address(client) in ip_network(each) for each in proxies)


def _unknown(given: str, host: Host | None, scope: Scope) -> str:
    if host is None:
        return f"A request came for the host {shown(given)!r}, which is no name or address. Open Zoetrope by its own."
    scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
    return (
        f"This Zoetrope does not know the name {shown(given)!r}. If it is meant to be reached by it, start it with: "
        f"zoetrope run --origin {scheme}://{shown(given)}"
    )


def _foreign(origins: str, readable: bool, given: str) -> str:
    if not readable:
        return f"A request came from {shown(origins)!r}, which is no web server's page. Open Zoetrope at its address."
    return (
        f"A page of {shown(origins)} asked, and this Zoetrope answers its own pages alone, here those of "
        f"{shown(given)}. If a proxy stands between, start Zoetrope with: zoetrope run --origin {shown(origins)}"
    )


def shown(text: str) -> str:
    """Return a header as a sentence or the log can hold it: short, and printable letters only."""
    kept = "".join(letter for letter in text if letter.isprintable())
    return kept if len(kept) <= SHOWN else kept[:SHOWN] + "…"


# From the command line


def site(where: str, origins: Sequence[str] = (), base: str = "", proxies: Sequence[str] = ()) -> Site:
    """Read the options of a server that listens on an address. Raises BadValue."""
    pages = [_origin(each) for each in origins]
    known = {"localhost", address(where) or where.lower(), *(host.name for _, host in pages)}
    if not loopback(where):
        known |= {each.lower().rstrip(".") for each in names()}
    allowed = frozenset((scheme, *host.on(scheme)) for scheme, host in pages)
    return Site(frozenset(known), allowed, base_path(base), tuple(_network(each) for each in proxies))


def _origin(text: str) -> tuple[str, Host]:
    if (read := read_origin(text)) is None:
        raise BadValue(
            f"--origin {shown(text)!r} was given; give what stands before the path in the browser's address, "
            "such as https://zoetrope.example."
        )
    return read


def base_path(text: str) -> str:
    """Read the path under which the pages stand: "" or "/zoetrope". Raises BadValue."""
    path = "/" + text.strip("/") if text.strip("/") else ""
    if not BASE.fullmatch(path):
        raise BadValue(f"--base-path {shown(text)!r} was given; give a path of letters and digits, such as /zoetrope.")
    return path


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise BadValue(f"--proxy {shown(text)!r} was given; give the address of the proxy, such as 10.0.0.2.") from None
