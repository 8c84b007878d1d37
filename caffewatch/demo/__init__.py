"""A log to show: a real run that learns, explodes at iteration 500 and is nan at 550."""
