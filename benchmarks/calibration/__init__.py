"""Where a rule's threshold sits between healthy and faulty runs; see `benchmarks/calibrate.py`."""
