"""The engine as a service: jobs go in, answers come out, from a thread, a process or a cluster. No torch at import."""
