"""What lasts: read positions, alerts and the outbox, in one SQLite file."""
