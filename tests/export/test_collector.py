from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.export import families
from caffewatch.export.collector import Collector, CollectorSettings
from caffewatch.export.service_families import JOB_LOGS
from caffewatch.export.stats import DelayHistogram, JobStats, LogStats, ServiceStats, merge
from caffewatch.log.life import KINDS
from caffewatch.snapshot import LayerHealth, NetOutput, RunSnapshot, Snapshot
from tests.export.scraped import Scraped


def in_run(snapshot: Snapshot, **changes: object) -> Snapshot:
    """Return the snapshot with changes in its run."""
    assert snapshot.run is not None
    return replace(snapshot, run=replace(snapshot.run, **changes))  # type: ignore[arg-type]  # each test gives what the field is


class TestRun:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("caffe_iteration", 1200),
            ("caffe_max_iterations", 10_000),
            ("caffe_loss", 0.25),
            ("caffe_learning_rate", 0.01),
            ("caffe_iterations_per_second", 42.5),
            ("caffe_snapshot_iteration", 1000),
            ("caffe_gradient_clips_total", 3),
            ("caffe_non_finite_values", 0),
        ],
    )
    def test_single_values(self, scraped: Scraped, name: str, expected: float) -> None:
        """What a run has one of is one series of the log."""
        assert scraped.value(name) == expected

    def test_every_series_names_its_log(self, scraped: Scraped) -> None:
        """All caffe_ series carry job and log, and no other series takes their place."""
        logs = {
            (x.labels["training_job"], x.labels["log"])
            for x in scraped.samples()
            if x.name.startswith("caffe_")
        }

        assert logs == {("imagenet", "/logs/train.log")}

    def test_labelled_values(self, scraped: Scraped) -> None:
        """Outputs, layers, blobs and norms have the labels of the contract."""
        output = (("net", "train"), ("phase", "train"), ("output", "loss"), ("index", "0"))
        blob = (
            ("phase", "backward"), ("layer", "conv1"), ("kind", "param"), ("blob", "0"),
            ("quantity", "diff"),
        )  # fmt: skip

        assert scraped.values("caffe_net_output")[output] == 0.25
        assert scraped.values("caffe_blob_mean_abs") == {blob: 1e-3}
        assert scraped.values("caffe_params_l1_norm") == {
            (("quantity", "data"),): 100.0,
            (("quantity", "diff"),): 2.0,
        }

    def test_layers_without_a_value_have_no_series(self, scraped: Scraped) -> None:
        """A ReLU has an activation, but neither weight nor gradient."""
        assert scraped.values("caffe_layer_activation_mean_abs") == {
            (("layer", "conv1"),): 0.5,
            (("layer", "relu1"),): 0.25,
        }
        assert scraped.values("caffe_layer_gradient_mean_abs") == {(("layer", "conv1"),): 1e-3}

    def test_layers_in_their_order(self, scraped: Scraped) -> None:
        """Positions count from the input; a ReLU has its share."""
        assert scraped.values("caffe_layer_position") == {
            (("layer", "conv1"),): 1,
            (("layer", "relu1"),): 2,
        }
        assert scraped.values("caffe_layer_relu_passed_ratio") == {(("layer", "relu1"),): 0.5}

    def test_events_of_a_life(self, scraped: Scraped) -> None:
        """Every kind is there from the start, so that the first one is an increase."""
        shown = {
            labels[0][1]: value
            for labels, value in scraped.values("caffe_run_events_total").items()
        }

        assert set(shown) == set(KINDS)
        assert {kind: n for kind, n in shown.items() if n} == {"snapshot": 2, "resumed": 1}

    def test_one_state_is_1(self, scraped: Scraped) -> None:
        """The state of the run is 1, all others are 0."""
        states = {
            labels[0][1]: value for labels, value in scraped.values("caffe_run_state").items()
        }

        assert states == {
            "running": 1, "stalled": 0, "finished": 0, "stopped": 0, "terminated": 0, "crashed": 0,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("events", "expected"),
        [({}, "new"), ({"resumed": 1, "started": 1}, "resumed"), ({"finetuned": 1}, "finetuned")],
    )
    def test_one_origin_is_1(
        self, scraped: Scraped, snapshot: Snapshot, events: dict[str, int], expected: str
    ) -> None:
        """A run is new unless the log says what it went on from."""
        scraped.snapshots = [in_run(snapshot, events=events)]

        shown = scraped.values("caffe_run_origin")

        assert [labels[0][1] for labels, value in shown.items() if value] == [expected]
        assert len(shown) == 3

    def test_what_is_unknown_has_no_series(self, scraped: Scraped, snapshot: Snapshot) -> None:
        """A run of which nothing is known shows no zeros in the place of values."""
        scraped.snapshots = [replace(snapshot, run=RunSnapshot("id", 1, "", "", "running"))]

        assert scraped.values("caffe_loss") == {}
        assert scraped.values("caffe_iteration") == {}

    def test_a_log_without_a_run(self, scraped: Scraped, snapshot: Snapshot) -> None:
        """A log that holds no Caffe line yet still tells how far it has been read."""
        scraped.snapshots = [replace(snapshot, run=None, last_line_time=None)]

        assert scraped.values("caffe_run_state") == {}
        assert scraped.value("caffewatch_lines_total") == 600

    def test_blobs_are_only_for_those_who_ask(self, scraped_with: Callable[..., Scraped]) -> None:
        """Without metrics.blobs there is no series per blob."""
        assert scraped_with(blobs=False).values("caffe_blob_mean_abs") == {}

    def test_stamps_are_of_the_zone_of_the_logs(self, scraped_with: Callable[..., Scraped]) -> None:
        """A stamp of a machine two hours east of Greenwich is two hours earlier in UTC."""
        scraped = scraped_with(zone=timezone(timedelta(hours=2)))

        assert scraped.value("caffe_last_line_timestamp_seconds") == 1_700_000_060 - 7200
        assert scraped.value("caffe_run_start_timestamp_seconds") == 1_700_000_000 - 7200

    @pytest.mark.parametrize("stamp", [float("inf"), 1e18, -62_135_596_800.0])
    def test_a_stamp_beyond_the_calendar_is_left_out(
        self, scraped: Scraped, snapshot: Snapshot, stamp: float
    ) -> None:
        """A log may claim any year; the scrape goes on without it."""
        scraped.snapshots = [replace(snapshot, last_line_time=stamp)]

        shown = scraped.values("caffe_last_line_timestamp_seconds")

        assert shown in ({}, {(): stamp})
        assert scraped.value("caffe_iteration") == 1200


class TestAlerts:
    def test_every_rule_has_a_series(self, scraped: Scraped) -> None:
        """Rules that are content are at 0, the others count what fires."""
        assert scraped.values("caffewatch_alerts") == {
            (("rule", "non_finite"), ("severity", "critical")): 0,
            (("rule", "dead_activation"), ("severity", "warning")): 2,
        }

    def test_a_severity_that_was_not_declared(self, scraped: Scraped, snapshot: Snapshot) -> None:
        """An alert is never lost from the metric for want of a declaration."""
        scraped.snapshots = [replace(snapshot, firing={("crash", "warning"): 1})]

        shown = scraped.values("caffewatch_alerts")

        assert shown[(("rule", "crash"), ("severity", "warning"))] == 1

    def test_findings_begin_at_0(self, scraped: Scraped) -> None:
        """A counter that exists before it counts makes the first increase visible."""
        assert scraped.values("caffewatch_findings_total") == {
            (("rule", "non_finite"),): 0,
            (("rule", "dead_activation"),): 3,
        }


class TestCounters:
    def test_a_new_run_adds_to_the_old_ones_clips(
        self, scraped: Scraped, snapshot: Snapshot
    ) -> None:
        """Clips are counted per run inside, and over all runs outside."""
        scraped.value("caffe_gradient_clips_total")

        scraped.snapshots = [in_run(snapshot, id="next", gradient_clips=5)]

        assert scraped.value("caffe_gradient_clips_total") == 3 + 5

    def test_a_log_that_is_read_anew_adds(self, scraped: Scraped, snapshot: Snapshot) -> None:
        """Figures that begin again inside go on outside."""
        scraped.value("caffewatch_unrecognised_lines_total")

        scraped.snapshots = [replace(snapshot, unrecognised_lines=2)]

        assert scraped.value("caffewatch_unrecognised_lines_total") == 12 + 2

    def test_scrapes_change_nothing(self, scraped: Scraped) -> None:
        """Two scrapers, or one that is impatient, see the same."""
        first = [x for x in scraped.samples() if x.name.startswith("caffe")]

        assert [x for x in scraped.samples() if x.name.startswith("caffe")] == first


class TestBound:
    def test_a_log_has_no_more_series_than_allowed(
        self, scraped_with: Callable[..., Scraped], snapshot: Snapshot
    ) -> None:
        """A net of ten thousand layers cannot flood the database, and the rest is counted."""
        layers = tuple(LayerHealth(f"layer{n}", 1.0, 1.0, 1.0) for n in range(10_000))
        scraped = scraped_with(max_series_per_log=100)
        scraped.snapshots = [in_run(snapshot, layers=layers)]

        samples = [x for x in scraped.samples() if "training_job" in x.labels]

        assert len(samples) == 100 + 1
        left_out = next(x for x in samples if x.name == "caffewatch_series_dropped_total")
        assert left_out.value > 29_900

    def test_what_matters_most_stays(
        self, scraped_with: Callable[..., Scraped], snapshot: Snapshot
    ) -> None:
        """Alerts, state and loss come before outputs, layers and blobs."""
        outputs = tuple(NetOutput("train", "train", n, f"out{n}", 1.0) for n in range(10_000))
        scraped = scraped_with(max_series_per_log=60)
        scraped.snapshots = [in_run(snapshot, outputs=outputs)]

        assert scraped.value("caffe_loss") == 0.25
        assert scraped.value("caffewatch_read_lag_bytes") == 10
        assert len(scraped.values("caffe_run_state")) == 6

    def test_left_out_series_are_counted_at_every_scrape(
        self, scraped_with: Callable[..., Scraped]
    ) -> None:
        """The counter rises for as long as something is missing."""
        scraped = scraped_with(max_series_per_log=10)

        once = scraped.value("caffewatch_series_dropped_total")

        assert once > 0
        assert scraped.value("caffewatch_series_dropped_total") == 2 * once

    def test_the_same_labels_twice_are_one_series(
        self, scraped: Scraped, snapshot: Snapshot
    ) -> None:
        """A scraper takes a repeated series for a fault of the whole answer."""
        twice = (LayerHealth("a\0", 1.0, None, None), LayerHealth("a\\x00", 2.0, None, None))
        scraped.snapshots = [in_run(snapshot, layers=twice)]

        shown = scraped.values("caffe_layer_activation_mean_abs")

        assert shown == {(("layer", "a\\x00"),): 1.0}


class TestKeptText:
    """What has not changed is not written anew, and nobody can tell."""

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=8))
    def test_as_if_written_anew(self, steps: list[tuple[int, int, bool]]) -> None:
        """Whatever comes from scrape to scrape: text, totals and what was left out are the same."""
        address = ("imagenet", "/logs/train.log")
        runs = [None, lenet(0.5, 1), lenet(0.25, 3), lenet(0.25, 3, "other")]
        states = [Snapshot(*address, 10, 1000, 1, run, None, None) for run in runs]
        rotations = [{}, {"rename": 1}, {"rename": 1, "truncate": 2}]
        settings = CollectorSettings("0.1.0", (("crash", "critical"),), max_series_per_log=25)
        shown: list[Snapshot] = []
        stats = ServiceStats()
        kept = Collector(lambda: shown, lambda: stats, settings)
        anew = Collector(lambda: [replace(x) for x in shown], lambda: stats, settings)

        for state, kinds, retired in steps:
            shown[:] = [states[state]]
            logs = (LogStats(*address, 10, 1000, 1000, 0, rotations[kinds]),)
            stats = ServiceStats(logs, retired=frozenset([address] if retired else []))

            assert kept.logs() == anew.logs()

    def test_it_is_the_same_text(self, snapshot: Snapshot) -> None:
        """From the second time on, until another snapshot comes."""
        shown = [snapshot]
        collector = Collector(lambda: shown, ServiceStats, CollectorSettings("0.1.0"))

        def loss() -> bytes:
            (text,) = collector.logs()[families.LOSS]
            return text

        first, second, third = loss(), loss(), loss()
        shown[0] = in_run(snapshot, loss=0.125)

        assert second is not first
        assert third is second
        assert loss() == first.replace(b"0.25", b"0.125")


def lenet(loss: float, clips: int, id: str = "9f2c") -> RunSnapshot:
    """Return a run of which little is known."""
    return RunSnapshot(id, 1, "lenet", "SGD", "running", None, loss=loss, gradient_clips=clips)


class TestRetirement:
    def test_a_retired_log_leaves(self, scraped: Scraped) -> None:
        """No series of the log stays behind, not even of the daemon's figures of it."""
        retired = frozenset({("imagenet", "/logs/train.log")})
        scraped.stats = replace(scraped.stats, retired=retired)

        assert [x for x in scraped.samples() if "training_job" in x.labels] == []


class TestJobs:
    def test_how_many_logs_can_be_read(self, scraped: Scraped) -> None:
        """Each job has its figure, 0 included."""
        jobs = (JobStats("imagenet", "/logs/train.log", 1), JobStats("mnist", "/l/*.log", 0))
        scraped.stats = replace(scraped.stats, jobs=jobs)

        shown = {
            x.labels["training_job"]: x.value for x in scraped.samples() if x.name == JOB_LOGS.name
        }

        assert shown == {"imagenet": 1, "mnist": 0}

    @pytest.mark.parametrize("retired", [(), (("imagenet", "/logs/train.log"),)])
    def test_a_jobs_own_alert(self, scraped: Scraped, retired: tuple[tuple[str, str], ...]) -> None:
        """It is among the alerts of its path, also once the log there has been gone for long."""
        job = JobStats("imagenet", "/logs/train.log", 0, {("missing_log", "warning"): 1})
        scraped.stats = replace(scraped.stats, jobs=(job,), retired=frozenset(retired))

        (shown,) = [x for x in scraped.samples() if x.labels.get("rule") == "missing_log"]

        assert (shown.name, shown.value) == ("caffewatch_alerts", 1)
        assert shown.labels == {
            "training_job": "imagenet", "log": "/logs/train.log",
            "rule": "missing_log", "severity": "warning",
        }  # fmt: skip


class TestService:
    def test_the_daemons_figures(self, scraped: Scraped) -> None:
        """Notifications, queues and errors are labelled by receiver, outcome and place."""
        delivered = (("outcome", "delivered"), ("receiver", "slack-vision"))

        assert scraped.values("caffewatch_notifications_total")[delivered] == 5
        assert scraped.values("caffewatch_notification_queue_length") == {
            (("receiver", "slack-vision"),): 4
        }
        assert scraped.values("caffewatch_errors_total") == {
            (("where", "tail"),): 0,
            (("where", "deliver"),): 2,
        }
        assert scraped.value("caffewatch_config_last_reload_successful") == 1

    def test_positions(self, scraped: Scraped) -> None:
        """The lines of a log are those that the daemon committed, not those it re-read."""
        assert scraped.value("caffewatch_lines_total") == 600
        assert scraped.value("caffewatch_bytes_total") == 40_000
        assert scraped.value("caffewatch_read_position_bytes") == 400_000
        assert scraped.values("caffewatch_rotations_total") == {(("kind", "rename"),): 1}

    def test_delays(self, scraped: Scraped) -> None:
        """The delays are a histogram, whose last bucket holds them all."""
        delays = DelayHistogram(((0.5, 3), (math.inf, 4)), 12.5)
        scraped.stats = replace(scraped.stats, delays=delays)

        assert scraped.values("caffewatch_notification_delay_seconds_bucket") == {
            (("le", "0.5"),): 3,
            (("le", "+Inf"),): 4,
        }
        assert scraped.value("caffewatch_notification_delay_seconds_count") == 4
        assert scraped.value("caffewatch_notification_delay_seconds_sum") == 12.5


class TestMerge:
    def test_adds_bucket_by_bucket(self) -> None:
        """The delays of all receivers are one histogram."""
        one = DelayHistogram(((0.5, 1), (math.inf, 2)), 3.0)
        two = DelayHistogram(((0.5, 0), (math.inf, 5)), 40.0)

        assert merge([one, two]) == DelayHistogram(((0.5, 1), (math.inf, 7)), 43.0)

    def test_of_nothing_is_empty(self) -> None:
        """Without receivers there are no delays."""
        assert merge([]) == DelayHistogram()

    def test_bounds_must_agree(self) -> None:
        """Counts under different bounds cannot be added."""
        with pytest.raises(ValueError, match="different bounds"):
            merge([DelayHistogram(((0.5, 1), (math.inf, 2))), DelayHistogram()])
