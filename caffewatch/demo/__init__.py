"""A log to show: a real run that learns, leaves at 410, explodes at 500 and is nan at 550."""
