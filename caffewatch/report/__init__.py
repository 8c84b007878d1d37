"""What was found, for people and programs: text and JSON out of a finished monitor."""
