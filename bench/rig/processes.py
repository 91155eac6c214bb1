"""Memory, processor time and connections of processes, read from /proc: Linux alone."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
TABLES = ("tcp", "tcp6", "udp", "udp6")
LISTEN = "0A"


def descendants(pid: int) -> list[int]:
    """Name the processes below one that live now, nearest first."""
    below: list[int] = []
    for task in _listed(PROC / str(pid) / "task"):
        with contextlib.suppress(OSError):
            below += [int(child) for child in (task / "children").read_text().split()]
    return below + [further for child in below for further in descendants(child)]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    return _status(pid).get("State", "Z")[0] != "Z"


def memory(pid: int) -> float:
    """Resident MiB; 0 for a process that is gone."""
    return int(_status(pid).get("VmRSS", "0 kB").split()[0]) / 1024


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process has used; 0 for one that is gone."""
    with contextlib.suppress(OSError):
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def open_files(pid: int) -> int:
    return len(_listed(PROC / str(pid) / "fd"))


def threads_of(pid: int) -> int:
    return len(_listed(PROC / str(pid) / "task"))


def allow_many_files() -> None:
    """Let this process hold as many files and sockets as the system lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _status(pid: int) -> dict[str, str]:
    with contextlib.suppress(OSError):
        lines = (PROC / str(pid) / "status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {}


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(folder.iterdir())
    return []


# Connections


@dataclass(frozen=True)
class Connection:
    """One end of a connection of a process."""

    protocol: str
    local: str
    remote: str
    listening: bool

    @property
    def outward(self) -> bool:
        """Whether it reaches, or can be reached from, another machine."""
        address = ip_address((self.local if self.listening else self.remote).rpartition(":")[0].strip("[]"))
        mapped = getattr(address, "ipv4_mapped", None) or address
        return not mapped.is_loopback and (self.listening or not mapped.is_unspecified)


def connections(pids: Iterable[int]) -> set[Connection]:
    """List the internet sockets that these processes hold open now."""
    found: set[Connection] = set()
    for pid in pids:
        held = _sockets(pid)
        for protocol in TABLES:
            found |= {connection for inode, connection in _table(pid, protocol) if inode in held}
    return found


def _sockets(pid: int) -> set[str]:
    inodes: set[str] = set()
    for link in _listed(PROC / str(pid) / "fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(link)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    return inodes


def _table(pid: int, protocol: str) -> list[tuple[str, Connection]]:
    with contextlib.suppress(OSError):
        rows = [line.split() for line in (PROC / str(pid) / "net" / protocol).read_text().splitlines()[1:]]
        return [(row[9], Connection(protocol, _place(row[1]), _place(row[2]), row[3] == LISTEN)) for row in rows]
    return []


def _place(text: str) -> str:
    """Read an address as the kernel writes it: 32-bit words in the machine's order, then the port."""
    words, port = text.split(":")
    raw = b"".join(struct.pack("=I", int(words[i : i + 8], 16)) for i in range(0, len(words), 8))
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    address = (IPv4Address if family == socket.AF_INET else IPv6Address)(raw)
    return f"{address}:{int(port, 16)}" if family == socket.AF_INET else f"[{address}]:{int(port, 16)}"
