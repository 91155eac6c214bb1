"""The engine on a cluster: its client, and the deployment that it asks. The client loads neither torch nor Ray."""

from engine.serving.cluster.client import ClusterBackend

__all__ = ["ClusterBackend"]
