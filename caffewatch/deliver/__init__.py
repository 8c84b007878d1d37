"""From the outbox to people: one receiver a file, one layer of queue, retry and rate over all."""
