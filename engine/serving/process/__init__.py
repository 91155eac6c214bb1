"""The engine in a process of its own. This side loads no torch."""

from engine.serving.process.supervisor import ProcessBackend

__all__ = ["ProcessBackend"]
