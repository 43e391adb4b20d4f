"""Loopback servers that faults talk to. Each is started by the runner and ended by its pid."""
