"""What an expert would see in a log: one rule a file, all of one anatomy."""
