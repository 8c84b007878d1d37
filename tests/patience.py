"""How long tests wait for what threads and processes do."""

PATIENCE = 60.0
"""Seconds until what has not happened counts as never happening.

Long, since a shared machine may hold a process still for seconds; whoever waits for a condition
goes on as soon as it holds.
"""
