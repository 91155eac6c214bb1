"""What the load measurements share: a server as people start it, its visitors, and what /proc tells of both."""
