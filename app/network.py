"""Ports, addresses and sockets of this machine: which are free, who can reach them, and how many there may be."""

from __future__ import annotations

import contextlib
import errno
import socket
from ipaddress import ip_address

EVERYWHERE = ("0.0.0.0", "::")
MANY = 65536
FILES_A_PHONE = 5
"""Two sockets, and the three files of an event loop that Streamlit opens for each visitor."""


# Ports


def busy(address: str, port: int) -> bool:
    """Whether another program listens there. OSError where the address is not of this machine."""
    for family, kind, protocol, _, where in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(where)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return True
                if family == socket.AF_INET6:  # a machine without IPv6 still has localhost
                    continue
                raise
    return False


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


# Addresses


def url(address: str, port: int, base: str = "") -> str:
    """Return the address at which a browser on this machine finds a server."""
    return f"http://{'localhost' if address in EVERYWHERE else host(address)}:{port}{base}"


def exposure(address: str, port: int) -> str:
    """Say who can see the pages at an address: nobody else, or those of the network, and under which addresses."""
    phones = " or ".join(f"http://{host(each)}:{port}" for each in addresses())
    if loopback(address):
        alone = f"network: on {address} the pages are for this machine alone"
        if not phones:
            return f"{alone}; it has no other address, so phones need a network first"
        return f"{alone}; for phones in the room: zoetrope run --address 0.0.0.0, then {phones}"
    if address not in EVERYWHERE:
        return f"network: everyone who reaches {address} can see the pages: http://{host(address)}:{port}"
    if not phones:
        return "network: the pages would be for everyone, and this machine has no address that others reach"
    return f"network: everyone in the network can see the pages, at {phones}; a firewall may forbid it"


def loopback(address: str) -> bool:
    """Whether an address reaches this machine alone; `localhost` does, other names do not."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def names() -> list[str]:
    """Return the names by which others in the network may know this machine."""
    own = socket.gethostname()
    found = [own, own.partition(".")[0], own.partition(".")[0] + ".local"]
    with contextlib.suppress(OSError):  # as the system's own table of names has it
        found += [info[3] for info in socket.getaddrinfo(own, None, flags=socket.AI_CANONNAME) if info[3]]
    return list(dict.fromkeys(found))


def addresses() -> list[str]:
    """Return the addresses under which other machines reach this one, the usual one first. No packet is sent."""
    found = list[str]()
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))  # says only which way packets would go
            found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)]
    return [each for each in dict.fromkeys(found) if not loopback(each) and not each.startswith("fe80")]


# Open files


def open_files() -> int:
    """Return how many files, and so sockets, this process may have open at most."""
    try:
        import resource
    except ImportError:  # not on Windows, which has no such limit
        return MANY
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MANY if hard == resource.RLIM_INFINITY else min(hard, MANY)


def allow_many_sockets() -> None:
    """Let this process open as many files as it may: 1,024 are common, and too few for a class."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def crowd() -> str:
    """Say how many phones may come at once."""
    phones = max(0, open_files() - 100) // FILES_A_PHONE
    return f"open files: {open_files()} allowed, enough for about {phones} phones at once"
