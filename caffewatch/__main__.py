"""``python -m caffewatch``."""

import sys

from caffewatch.cli.main import main

sys.exit(main())
