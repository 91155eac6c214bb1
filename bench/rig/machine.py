"""The machine that a figure was measured on."""

import os
import platform
from datetime import date
from pathlib import Path

import torch

RESULTS = Path(__file__).parent.parent / "RESULTS.md"


def machine() -> str:
    """Name the processor, its cores, the GPU if there is one, and the versions that matter."""
    cpu = next(
        (line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine()
    )
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{cpu}, {os.cpu_count()} cores{gpu}, Python {platform.python_version()}, torch {torch.__version__}"


def cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []


def record(title: str, command: str, table: str) -> None:
    """Append a dated table to RESULTS.md."""
    entry = f"\n## {title}, {date.today().isoformat()}\n\n`{command}` on {machine()}\n\n{table}\n"
    with open(RESULTS, "a", encoding="utf-8") as file:
        file.write(entry)
