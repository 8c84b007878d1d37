from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import calibrate
from caffewatch.detect.settings import Parameters, parameter
from calibration.axis import PRECISION, Axis, crossing
from calibration.plot import as_svg, as_text
from calibration.replay import Replay, Role, Statistic, axis_of
from calibration.separation import Separation
from tests.log.samples import parse
from tests.logs import CaffeLog

RULE, PARAMETER = "gradient_explosion", "threshold"


@dataclass(frozen=True, kw_only=True)
class Examples(Parameters):
    """Parameters of every kind."""

    ratio: float = parameter(1e3, "an open range", minimum=0.0)
    share: float = parameter(0.99, "a share", minimum=0.0, maximum=1.0)
    bounded: float = parameter(2.0, "a closed range", minimum=1.0, maximum=50.0)
    passes: int = parameter(5, "a count", minimum=1)
    off: float = parameter(0.0, "zero stands for off")


AXES = {field.name: Axis.of(field) for field in fields(Examples)}


def axis(name: str) -> Axis:
    """Return the axis of one of the examples."""
    found = AXES[name]
    assert found is not None
    return found


def gradients(value: float, displays: int = 8) -> CaffeLog:
    """Write a run whose largest gradient is this from the start."""
    log = CaffeLog.started()
    log.displays(range(0, 10 * displays, 10), {"d ip1.0": value})
    return log


def replay(log: CaffeLog, status: str = "healthy", **must: list[str]) -> Replay:
    """Make a labelled log; ``must`` gives the layers that rules have to name."""
    named = [{"rule": rule, "layers": layers} for rule, layers in must.items()]
    return Replay("log", parse(log.data), {"status": status, "must": named})


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


class TestAxis:
    def test_reaches_four_decades_to_both_sides(self) -> None:
        """Where nothing is declared, the default stands in the middle."""
        found = axis("ratio")

        assert (found.value(found.low), found.value(found.high)) == pytest.approx((0.1, 1e7))

    def test_a_share_is_laid_out_by_its_odds(self) -> None:
        """So that there is room on both sides of 0.99."""
        found = axis("share")

        assert found.value(found.decades(0.99) + 1) == pytest.approx(0.999, rel=1e-3)
        assert found.value(found.high) < 1

    def test_ends_at_the_declared_range(self) -> None:
        """Values that the configuration refuses are not tried."""
        found = axis("bounded")

        assert (found.value(found.low), found.value(found.high)) == pytest.approx((1.0, 50.0))

    def test_a_count_is_whole_and_at_least_one(self) -> None:
        """Half a pass means nothing."""
        found = axis("passes")

        assert (found.value(found.low), found.value(0.4)) == (1, 3)

    @pytest.mark.parametrize("name", ["off", "enabled", "severity"])
    def test_what_is_no_number_above_zero_has_none(self, name: str) -> None:
        """A logarithm needs one."""
        assert AXES[name] is None


class TestCrossing:
    @given(limit=st.floats(0.11, 9e6), falls=st.booleans())
    def test_finds_any_limit(self, limit: float, falls: bool) -> None:
        """Whichever side of the default it is on, and whichever way the rule fires."""
        found = axis("ratio")

        def fires(value: float) -> bool:
            return value <= limit if falls else value > limit

        values = [crossing(found, end, fires) for end in (found.low, found.high)]

        (value,) = (value for value in values if value is not None)
        assert fires(value)
        assert abs(math.log10(value / limit)) <= PRECISION

    @given(limit=st.integers(1, 99))
    def test_a_count_is_exact(self, limit: int) -> None:
        """The last number of passes at which a rule still fires."""
        found = axis("passes")

        values = {crossing(found, end, lambda value: value <= limit) for end in (0, found.high)}

        assert values - {None} == {limit}

    def test_nothing_where_the_end_is_as_the_default(self) -> None:
        """There is nothing between two values at which the rule is silent."""
        assert crossing(axis("ratio"), axis("ratio").low, lambda value: False) is None


class TestReplay:
    def test_measures_the_largest_gradient(self) -> None:
        """The threshold at which explosion ceases is the largest gradient of the run."""
        found = replay(gradients(3e9)).measure(RULE, PARAMETER)

        assert (found.fires, found.below) == (True, None)
        assert found.above == pytest.approx(3e9, rel=0.05)

    def test_measures_how_long_a_symptom_lasts(self) -> None:
        """Seven passes without a gradient are found by rules that ask for seven."""
        found = replay(gradients(0.0, displays=7)).measure("zero_gradient", "passes")

        assert (found.fires, found.below, found.above) == (True, None, 7)

    def test_a_label_wants_its_layers_named(self) -> None:
        """A rule that names another layer has not found the fault."""
        log = gradients(3e9)

        found = [replay(log, "faulty", gradient_explosion=[x]).fires(RULE) for x in ("ip1", "ip2")]

        assert found == [True, False]

    def test_all_runs_of_a_log_count(self) -> None:
        """The fault may be in the second training of an appended log."""
        log = gradients(0.1)
        log.done()
        log.set_up()
        log.displays(range(0, 20, 10), {"d ip1.0": 3e9})

        assert replay(log).fires(RULE)

    @pytest.mark.parametrize(
        ("status", "rule", "role"),
        [("healthy", "crash", "healthy"), ("faulty", "crash", "must"), ("faulty", RULE, "faulty")],
    )
    def test_role(self, status: str, rule: str, role: Role) -> None:
        """A broken log need not show every rule, and is no false alarm where it does."""
        must: dict[str, list[str]] = {"crash": []} if status == "faulty" else {}

        assert replay(gradients(0.1), status, **must).role(rule) == role

    def test_unknown_parameter(self) -> None:
        """The message names it."""
        with pytest.raises(ValueError, match=r"crash\.severity is no parameter with a number"):
            axis_of("crash", "severity")


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


class TestCommand:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Make a folder of three labelled logs, one of them compressed, and one left out."""
        logs = {"calm": 1e5, "wild": 1e10, "odd": 0.1}
        for name, value in logs.items():
            (tmp_path / f"{name}.log").write_bytes(gradients(value).data)
        wild = tmp_path / "wild.log"
        (tmp_path / "wild.log.gz").write_bytes(gzip.compress(wild.read_bytes()))
        wild.unlink()
        labels = {
            "calm": {"status": "healthy", "must": []},
            "wild": {"status": "faulty", "must": [{"rule": RULE, "layers": ["ip1"]}]},
            "odd": {"status": "unclear", "must": []},
        }
        (tmp_path / "labels.json").write_text(json.dumps(labels))
        return tmp_path

    @pytest.mark.parametrize("processes", ["1", "2"])
    def test_prints_a_table(
        self, folder: Path, capsys: pytest.CaptureFixture[str], processes: str
    ) -> None:
        """The row says where the default sits; one process or several, it is the same."""
        argv = [str(folder), "--rule", RULE, "--parameter", PARAMETER, "--processes", processes]

        status = calibrate.main(argv)

        lines = capsys.readouterr().out.splitlines()
        (row,) = (line.split() for line in lines if line.startswith(f"  {PARAMETER} "))
        assert status == 0
        assert f"{RULE}: 1 healthy, 1 must show it" in lines
        assert row == [
            *(PARAMETER, "1e+08", "up", "to", row[4], "calm", "+3.0"),
            *(row[7], "wild", "+2.0", "+5.0", "clear"),
        ]
        assert (float(row[4]), float(row[7])) == pytest.approx((1e5, 1e10), rel=0.05)

    def test_draws_a_rule(self, folder: Path) -> None:
        """The folder for drawings is made where it is missing."""
        drawings = folder / "a" / "b"

        calibrate.main([str(folder), "--rule", RULE, "--svg", str(drawings), "--processes", "1"])

        assert [path.name for path in drawings.iterdir()] == [f"{RULE}.svg"]

    def test_says_when_nothing_depends_on_a_parameter(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Neither of these runs would be judged otherwise by another patience."""
        argv = [str(folder), "--rule", RULE, "--parameter", "clear", "--processes", "1"]

        calibrate.main(argv)

        assert "  clear      5" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("argv", "reason"),
        [
            (["--parameter", "nothing"], "no such parameter: nothing (of any rule)"),
            (["--rule", "crash", "--parameter", "passes"], "no such parameter: passes (of crash)"),
        ],
    )
    def test_unknown_parameter(
        self, folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], reason: str
    ) -> None:
        """It ends with 2 and says so."""
        status = calibrate.main([str(folder), *argv])

        assert (status, capsys.readouterr().err) == (2, f"calibrate: {reason}\n")

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda path: path.unlink(), "No such file"),
            (lambda path: path.write_text("{"), "Expecting property name"),
            (lambda path: path.write_text("{}"), "no log that labels.json names"),
            (lambda path: path.write_text("[]"), "expected an object of name: label"),
            (lambda path: path.write_text('{"a": {"must": []}}'), "a: expected an object with"),
            (lambda path: path.with_name("wild.log.gz").write_bytes(b"x"), "Not a gzipped file"),
        ],
    )
    def test_bad_folder(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        spoil: Callable[[Path], object],
        reason: str,
    ) -> None:
        """A folder without usable labels or logs is named, with what is wrong."""
        spoil(folder / "labels.json")

        status = calibrate.main([str(folder), "--processes", "1"])

        error = capsys.readouterr().err
        assert status == 2
        assert error.startswith(f"calibrate: {folder}: ")
        assert reason in error

    def test_no_process(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Bad usage ends with 2, as argparse has it."""
        with pytest.raises(SystemExit, match="2"):
            calibrate.main([str(folder), "--processes", "0"])

        assert "--processes: 0 is not 1 or more" in capsys.readouterr().err
