"""What a run did over time, in bounded memory: curves, and the map of its layers."""
