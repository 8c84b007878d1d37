"""Every log of the corpus, as it is."""

from __future__ import annotations

import pytest

from tests.fuzz.corpus import LOGS, NAMES
from tests.fuzz.properties import check


@pytest.mark.parametrize("log", LOGS, ids=NAMES)
class TestCorpus:
    @pytest.mark.parametrize("step", [37, 4096])
    def test_holds(self, log: bytes, step: int) -> None:
        """Crashers of old among them: they stay mended."""
        check(log, range(0, len(log), max(step, len(log) // 40)))
