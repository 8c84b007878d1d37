from __future__ import annotations

from collections.abc import Sequence

import pytest

from caffewatch.alert.model import Severity
from caffewatch.service.status import status_line


class TestStatusLine:
    @pytest.mark.parametrize(
        ("firing", "said"),
        [
            ([], "3 jobs, 5 logs, no alert firing"),
            (["info"], "3 jobs, 5 logs, no alert firing"),
            (["warning"], "3 jobs, 5 logs, 1 alert firing"),
            (["critical", "warning"], "3 jobs, 5 logs, 2 alerts firing (1 critical)"),
        ],
    )
    def test_alerts(self, firing: Sequence[Severity], said: str) -> None:
        """What people are told of by default is counted."""
        assert status_line(3, 5, firing, reload_ok=True) == said

    def test_one_of_each(self) -> None:
        """Grammar."""
        assert status_line(1, 1, [], reload_ok=True) == "1 job, 1 log, no alert firing"

    def test_a_bad_reload(self) -> None:
        """Whoever changed the file looks here."""
        said = status_line(1, 1, [], reload_ok=False)

        assert said.endswith("; the changed configuration is bad, not in force")
