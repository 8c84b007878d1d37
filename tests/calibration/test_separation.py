from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from calibration.plot import as_svg, as_text
from calibration.replay import Role, Statistic
from calibration.separation import Separation

RULE, PARAMETER = "gradient_explosion", "threshold"


def statistic(log: str, role: Role, value: float, default: float = 1e8) -> Statistic:
    """Make what a rule makes of a log that it finds where the threshold is at most this."""
    fires = default <= value
    return Statistic(
        RULE, PARAMETER, log, role, fires, None if fires else value, value if fires else None
    )


def separation(*values: tuple[Role, float]) -> Separation:
    """Make a separation of logs with these values."""
    logs = (statistic(f"log{i}", role, value) for i, (role, value) in enumerate(values))
    return Separation.of(list(logs))


class TestSeparation:
    def test_clear_with_an_order_of_magnitude_on_both_sides(self) -> None:
        """The nearest of each side counts, and other faulty logs do not."""
        found = separation(
            ("healthy", 1e5), ("healthy", 1e6), ("must", 1e11), ("must", 1e10), ("faulty", 1e8)
        )

        assert found.margins == pytest.approx((2, 2))
        assert found.gap == pytest.approx(4)
        assert found.verdict == "clear"
        assert found.healthy == found.dots[1]
        assert found.must == found.dots[3]

    @pytest.mark.parametrize(
        ("healthy", "must", "verdict"),
        [
            (5e7, 1e10, "near healthy"),
            (1e5, 2e8, "near faulty"),
            (2e8, 1e10, "outside: 1 false"),
            (1e8, 1e10, "outside: 1 false"),
            (1e5, 1e7, "outside: 1 missed"),
            (1e9, 1e7, "outside: 1 false, 1 missed"),
        ],
    )
    def test_verdict(self, healthy: float, must: float, verdict: str) -> None:
        """It says which side is too near, or is wrong."""
        assert separation(("healthy", healthy), ("must", must)).verdict == verdict

    def test_direction_is_the_majority_s(self) -> None:
        """A log that moves the other way is counted and not placed."""
        down = [statistic(f"log{i}", "must", 1e9) for i in range(2)]
        up = Statistic(RULE, PARAMETER, "odd", "faulty", False, None, 1e9)

        found = Separation.of([*down, up])

        assert (found.upwards, found.against) == (False, 1)
        assert found.dots[-1].at == -math.inf

    def test_a_rule_that_fires_from_a_value_on(self) -> None:
        """Margins are turned round with it."""
        healthy = Statistic(RULE, PARAMETER, "a", "healthy", False, None, 1e10)
        must = Statistic(RULE, PARAMETER, "b", "must", True, 1e7, None)

        found = Separation.of([healthy, must])

        assert (found.upwards, found.verdict) == (True, "clear")
        assert found.margins == pytest.approx((2, 1))

    def test_nothing_is_known_of_faulty_logs(self) -> None:
        """Without a log that must show the rule, only one side can be judged."""
        found = separation(("healthy", 1e5), ("faulty", 1e9))

        assert (found.must, found.gap, found.verdict) == (None, None, "clear of healthy")

    def test_no_effect(self) -> None:
        """A parameter on which no log depends has no place to sit in."""
        always = Statistic(RULE, PARAMETER, "a", "must", True, None, None)

        assert Separation.of([always]).verdict == "no effect"


class TestPlot:
    FOUND = separation(("healthy", 1e6), ("healthy", 1e6), ("must", 1e10), ("faulty", 1e8))

    def test_text_has_a_row_for_each_kind(self) -> None:
        """Logs at one place are counted, and the default is marked below."""
        healthy, must, faulty, foot = as_text(self.FOUND)

        marks = [row.split()[1].replace("·", "") for row in (healthy, must, faulty)]
        assert marks == ["2:", ":M", "f"]
        assert foot.index("^") == faulty.rindex("f") == must.index(":")

    def test_text_counts_logs_beyond_the_ends(self) -> None:
        """A rule that never fires in a log puts it left of its row."""
        never = Statistic(RULE, PARAMETER, "a", "healthy", False, None, None)

        (row, *_) = as_text(Separation.of([never, statistic("b", "must", 1e9)]))

        assert row.startswith("    h   1 ·")

    def test_svg_names_each_log(self) -> None:
        """One dot for each log, with its name; the text of a title cannot break out."""
        root = ElementTree.fromstring(as_svg("a < b", [self.FOUND]))

        titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]

        assert titles == [
            "default 1e+08",
            "log0 (healthy): 1e+06",
            "log1 (healthy): 1e+06",
            "log2 (must): 1e+10",
            "log3 (faulty): 1e+08",
        ]
