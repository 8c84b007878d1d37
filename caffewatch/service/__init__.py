"""The daemon: the pure core with the world around it."""
