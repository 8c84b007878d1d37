"""Prometheus metrics: a collector that reads snapshots at scrape time, and nothing in between."""
