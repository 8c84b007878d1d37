from __future__ import annotations

import dataclasses

import pytest

from caffewatch.log.run import Run
from caffewatch.snapshot import BlobValue, LayerHealth, NetOutput, RunSnapshot, freeze
from tests.logs import CaffeLog
from tests.watched import watch


def picture(log: CaffeLog, blobs: bool = False) -> RunSnapshot:
    """Take the picture of the last run of a log."""
    return freeze(watch(log).runs[-1].run, blobs)


def displayed(values: dict[str, float | str] | None = None) -> CaffeLog:
    """Write three displays, the last with these values."""
    log = CaffeLog.started()
    log.displays((0, 10))
    log.display(20, values, lr=0.005)
    return log


class TestFreeze:
    def test_a_run_that_has_said_nothing(self) -> None:
        """What is not known is None or empty, never a made-up number."""
        seen = freeze(Run("id", 3, 1))

        assert seen == RunSnapshot("id", 3, net="", solver_type="SGD", state="running")

    def test_the_rhythm_of_training(self) -> None:
        """Iteration, loss, rate and speed are the last display's."""
        seen = picture(displayed())

        assert (seen.iteration, seen.max_iterations) == (20, 1000)
        assert (seen.loss, seen.learning_rate) == (2.0, 0.005)
        assert seen.iterations_per_second == pytest.approx(10 / 0.029, rel=1e-4)
        assert (seen.net, seen.solver_type) == ("mlp", "SGD")
        assert (seen.l1_norm, seen.l2_norm) == ((9, 1), (3, 1))
        assert seen.non_finite_values == 0

    def test_outputs_of_all_nets(self) -> None:
        """Training first; a test net is told by its number."""
        log = displayed()
        log.test(30, loss=2.5)

        assert picture(log).outputs == (
            NetOutput("train", "train", 0, "loss", 2.0), NetOutput("test0", "test", 0, "loss", 2.5),
        )  # fmt: skip

    def test_health_of_the_layers(self) -> None:
        """Output, weight and weight's gradient; not the bias, nor what flows back."""
        seen = picture(displayed({"ip1": 0.3, "ip1.0": 0.4, "d ip1.0": 0.5, "d relu1": 9}))

        layers = {health.layer: health for health in seen.layers}

        assert layers["ip1"] == LayerHealth("ip1", 0.3, 0.4, 0.5)
        assert layers["relu1"] == LayerHealth("relu1", 0.1, None, None, 0.1 / 0.3)
        assert list(layers) == ["data", "ip1", "relu1", "ip2", "relu2", "score", "loss"]

    def test_a_monitor_shares_what_it_knows_of_the_net(self) -> None:
        """The picture is the same with the detector's layout and after the run has ended."""
        log = displayed({"ip1": 0.3})
        seen = watch(log).snapshot().run
        log.done()

        ended = watch(log).snapshot().run

        assert seen is not None
        assert ended is not None
        assert seen.layers == ended.layers

    def test_a_relu_without_input_has_no_share(self) -> None:
        """There is nothing that it could let through."""
        seen = picture(displayed({"ip1": 0, "relu1": 0}))

        assert {x.layer: x.passed for x in seen.layers}["relu1"] is None

    def test_events_are_counted(self) -> None:
        """What happened in the run's life, by kind."""
        log = displayed()
        log.snapshot(20)
        log.snapshot(30)

        assert picture(log).events == {"started": 1, "snapshot": 2, "learning_rate": 1}

    def test_blobs_only_where_asked_for(self) -> None:
        """A big net has thousands."""
        log = displayed({"d ip1.1": 0.125})

        assert picture(log).blobs == ()
        assert len(picture(log, blobs=True).blobs) == 25
        assert picture(log, blobs=True).blobs[-1] == BlobValue(
            "backward", "ip1", "param", "1", "diff", 0.125
        )

    def test_counts_bad_values_and_clips(self) -> None:
        """Both say that something is wrong at a glance."""
        log = displayed({"ip1": "nan", "ip2": "inf"})
        log.clip(40)
        log.clip(50)

        assert (picture(log).non_finite_values, picture(log).gradient_clips) == (2, 2)

    def test_the_newest_snapshot_with_a_number(self) -> None:
        """A name that Caffe did not make has none."""
        log = displayed()
        log.snapshot(20)
        log.say("Snapshotting to somewhere.caffemodel")

        assert picture(log).snapshot_iteration == 20

    @pytest.mark.parametrize(
        ("end", "state"),
        [("done", "finished"), ("stop", "stopped"), ("term", "terminated"), ("die", "crashed"),
         ("", "running")],
    )  # fmt: skip
    def test_states(self, end: str, state: str) -> None:
        """How the log says that it ended."""
        log = displayed()
        if end == "stop":
            log.say("Optimization stopped early.")
        if end in ("done", "stop"):
            log.done()
        elif end == "term":
            log.signal("SIGTERM")
        elif end == "die":
            log.fatal()

        assert picture(log).state == state

    def test_is_frozen(self) -> None:
        """Threads share it."""
        seen = picture(displayed())

        with pytest.raises(dataclasses.FrozenInstanceError):
            seen.loss = 0.0  # type: ignore[misc]  # that it is refused is the point
