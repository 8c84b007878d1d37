from __future__ import annotations

import pytest

from tests.detect.nets import TEN_CLASSES, falling, losses, real, resumed
from tests.logs import MLP, CaffeLog, Layer
from tests.watched import edges, found, only, tuned

RULE = "overfitting"


def run_of(
    tests: list[float], train: list[float] | None = None, layers: tuple[Layer, ...] = TEN_CLASSES
) -> CaffeLog:
    """Write a test every ten displays, and training that learns meanwhile."""
    log = CaffeLog.started(layers)
    train = train or falling(10 * len(tests), ratio=0.97)
    for number, loss in enumerate(tests):
        log.test(100 * number, loss=loss)
        log.losses(train[10 * number : 10 * number + 10], 100 * number)
    return log


class TestRise:
    def test_fires_at_the_third_test_and_says_since_when(self) -> None:
        """Two and a half times the best before."""
        log = run_of([2.3, 1.2, 1.0, 2.6, 2.7, 2.8])

        finding = only(log, RULE)

        place = finding.place
        assert edges(log) == [(500, RULE, "firing")]
        assert (finding.iteration, place.previous_iteration, place.value) == (300, 200, 2.6)
        assert (place.net, place.kind, place.blob) == ("test0", "output", "loss")
        assert finding.severity == "warning"
        assert "it was 1 at iteration 200 and is 2.8 now" in finding.message
        assert "none was written" in finding.advice[0]

    def test_names_the_snapshot_nearest_to_the_best(self) -> None:
        """Where to take the net from."""
        log = run_of([2.3, 1.2, 1.0])
        good = log.snapshot(200)
        log.snapshot(290)
        for number in range(300, 600, 100):
            log.test(number, loss=2.6)
            log.losses([0.5] * 10, number)

        assert only(log, RULE).advice[0] == (f"Use {good}, the snapshot nearest to iteration 200.")

    @pytest.mark.parametrize("after", [[2.49] * 9, [2.6, 2.6, 1.5] * 5])
    def test_not_a_little_less(self, after: list[float]) -> None:
        """Neither in size nor in time: the tests of small sets are noisy."""
        assert found(run_of([2.3, 1.0, *after]), RULE) == []

    def test_resolves_after_three_tests_below(self) -> None:
        """As long as it took to count."""
        log = run_of([2.3, 1.0, 2.6, 2.6, 2.6, 1.2, 1.2, 1.2])

        assert [(at, state) for at, rule, state in edges(log) if rule == RULE] == [
            (400, "firing"),
            (700, "resolved"),
        ]

    def test_another_net_that_is_well_does_not_end_it(self) -> None:
        """Two test nets: one of the training set, one of the other."""
        log = CaffeLog.started(TEN_CLASSES)
        train = falling(100, ratio=0.97)
        for number, loss in enumerate([2.3, 1.0, *[2.6] * 8]):
            log.test(100 * number, loss=loss)
            log.test(100 * number, loss=0.9, net=1)
            log.losses(train[10 * number : 10 * number + 10], 100 * number)

        assert [(f.place.net, f.state) for f in found(log, RULE)] == [("test0", "firing")]


class TestSilence:
    def test_on_training_that_gets_worse_as_well(self) -> None:
        """Then it is a divergence."""
        train = [*falling(20, ratio=0.95), *[2.0] * 60]

        assert found(run_of([2.3, 1.0, *[3] * 6], train), RULE) == []

    def test_on_training_that_has_learned_nothing(self) -> None:
        """The test is wrong from the start, or the net is."""
        assert found(run_of([2.3, *[70] * 6], [60, 30, 10, *[2.3] * 67]), RULE) == []

    def test_on_test_losses_near_0(self) -> None:
        """A small set jitters by factors."""
        tests = [2.3, 0.5, 0.002, 0.006, 0.007, 0.008, 0.009, 0.03]

        assert found(run_of(tests), RULE) == []

    @pytest.mark.parametrize("first", [-0.01, -50.0])
    def test_on_test_losses_below_0(self, first: float) -> None:
        """Nothing is a ratio of what has been on both sides of 0."""
        assert found(run_of([2.3, 0.1, first, 0.1, *[2.9] * 5]), RULE) == []
        assert found(run_of([2.3, 0.1, 0.1, *[2.9] * 5]), RULE) != []

    def test_on_the_first_tests_of_batch_norm(self) -> None:
        """They start at 80 and jump while its statistics are filled."""
        norm = Layer("norm", "BatchNorm", ("ip1",), ("ip1",), (0, 0, 0))
        layers = (*TEN_CLASSES[:2], norm, *TEN_CLASSES[2:])
        wild = [80, 2, 60, 50, 70, 40, 30, 9, 4, 2, 1.9, 1.8]

        assert found(run_of([float(x) for x in wild], layers=layers), RULE) == []
        assert found(run_of([float(x) for x in wild]), RULE) != []

    def test_but_what_comes_after_them_counts(self) -> None:
        """From a thousand iterations on."""
        norm = Layer("norm", "BatchNorm", ("ip1",), ("ip1",), (0, 0, 0))
        layers = (*TEN_CLASSES[:2], norm, *TEN_CLASSES[2:])

        finding = only(run_of([*[80.0] * 10, 1, 3, 3, 3], layers=layers), RULE)

        assert finding.iteration == 1100

    def test_on_tests_without_a_loss(self) -> None:
        """An accuracy says nothing of how sure the net is."""
        log = CaffeLog.started(TEN_CLASSES)
        for number in range(10):
            log.test(100 * number, outputs={"*accuracy": 0.9 - number / 20})
            log.losses([1] * 10, 100 * number)

        assert found(log, RULE) == []

    def test_on_nan(self) -> None:
        """That is non_finite's."""
        assert found(run_of([2.3, 1.0, *[float("nan")] * 5]), RULE) == []

    def test_on_a_test_before_any_training(self) -> None:
        """As caffe test does it."""
        log = CaffeLog.started(MLP)
        for number in range(0, 500, 100):
            log.test(number, loss=1 + number)

        assert found(log, RULE) == []


class TestResumed:
    def test_a_resumed_run_may_overfit(self) -> None:
        """It has learned before."""
        log = resumed()
        for number, loss in enumerate([0.9, 0.8, 2.6, 2.7, 2.8]):
            log.test(500 + 100 * number, loss=loss)
            log.losses([0.02 - number / 1000] * 10, 500 + 100 * number)

        assert only(log, RULE).iteration == 700


class TestSettings:
    def test_factor_and_tests(self) -> None:
        """Earlier, and sooner."""
        log = run_of([2.3, 1.0, 1.5, 1.5])

        assert only(log, RULE, tuned(RULE, factor=1.5, tests=2)).iteration == 200


class TestRealLogs:
    def test_sixty_images_with_random_labels(self) -> None:
        """Their best test is the first, before anything was learned."""
        (finding,) = real("overfit_small", RULE)

        assert (finding.iteration, finding.place.previous_iteration) == (200, 0)
        assert "it was 2.36769 at iteration 0 and is 8.37434 now" in finding.message

    @pytest.mark.parametrize("name", ["resnet_ok", "resume_ok", "siamese_ok", "lenet_quiet_ok"])
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """BatchNorm, a resumed run, a contrastive loss."""
        assert real(name, RULE) == []

    def test_no_test_at_all(self) -> None:
        """Most logs have none."""
        assert found(losses(*falling(30)), RULE) == []
