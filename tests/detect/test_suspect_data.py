from __future__ import annotations

import pytest

from tests.detect.nets import CHANCE, TEN_CLASSES, falling, real, resumed
from tests.logs import MLP, CaffeLog
from tests.watched import edges, found, only, tuned

RULE = "suspect_data"
LAYERS = ("conv1", "conv2", "conv3", "conv4", "fc6", "fc7", "fc8")
"""As many as the `MLP` has."""


class TestTooEasy:
    def test_a_loss_of_0_at_once(self) -> None:
        """The first five displays."""
        log = CaffeLog.started()
        log.losses([0] * 20)

        finding = only(log, RULE)

        assert edges(log) == [(40, RULE, "firing")]
        assert (finding.iteration, finding.place.kind, finding.severity) == (0, "loss", "warning")
        assert finding.message == "Since iteration 0 the loss is 0: there is nothing to learn from."
        assert "Check the labels" in finding.advice[0]

    def test_resolves_with_the_first_loss(self) -> None:
        """Then there is something."""
        log = CaffeLog.started()
        log.losses([*[0] * 6, 0.4])

        assert edges(log) == [(40, RULE, "firing"), (60, RULE, "resolved")]

    def test_four_displays_are_not_enough(self) -> None:
        """A hinge loss is satisfied by small batches."""
        log = CaffeLog.started()
        log.losses([*[0] * 4, 0.1, *[0] * 50])

        assert found(log, RULE) == []

    def test_a_run_that_has_learned_may_have_nothing_to_learn(self) -> None:
        """Resumed, or a log that begins in its midst."""
        later = resumed()
        later.losses([0] * 20, 500)
        cut = CaffeLog.started()
        cut.losses([0] * 20, 5000)

        assert found(later, RULE) == []
        assert found(cut, RULE) == []

    def test_an_accuracy_of_1_before_any_training(self) -> None:
        """All labels are the same."""
        log = CaffeLog.started()
        log.test(0, outputs={"*accuracy": 1, "loss": 0.1})
        log.losses([0.1])

        finding = only(log, RULE)

        place = finding.place
        assert (finding.iteration, place.net, place.blob, place.value) == (
            0,
            "test0",
            "accuracy",
            1,
        )
        assert (
            finding.message
            == "At iteration 0 the accuracy of the untrained net is 1: the task is none."
        )

    @pytest.mark.parametrize(("accuracy", "loss"), [(0.99, 0.1), (1, "nan")])
    def test_not_a_little_less(self, accuracy: float, loss: float | str) -> None:
        """Nor beside a nan, which makes every accuracy 1."""
        log = CaffeLog.started()
        log.test(0, outputs={"*accuracy": accuracy, "loss": loss})
        log.losses([0.1])

        assert found(log, RULE) == []

    def test_nor_in_a_finetuned_net(self) -> None:
        """It may be as good as that."""
        log = CaffeLog.started()
        log.say("Finetuning from net.caffemodel", "caffe.cpp:155")
        log.test(0, outputs={"*accuracy": 1})
        log.losses([0.1])

        assert found(log, RULE) == []


class TestTestsThatDoNotFollow:
    def log(self, tests: list[float], train: list[float] | None = None) -> CaffeLog:
        """Write a test every 200 iterations, and training that learns."""
        log = CaffeLog.started(TEN_CLASSES, max_iter=10000)
        train = train or falling(20 * len(tests), ratio=0.9)
        for number, loss in enumerate(tests):
            log.test(200 * number, loss=loss)
            log.losses(train[20 * number : 20 * number + 20], 200 * number)
        return log

    def test_fires_at_the_sixth_test_after_a_thousand_iterations(self) -> None:
        """The tests at 1000, 1200 … 2000 are no better than guessing."""
        log = self.log([87.3365] * 12)

        finding = only(log, RULE)

        assert [e for e in edges(log) if e[1] == RULE] == [(2000, RULE, "firing")]
        assert (finding.iteration, finding.place.net, finding.place.value) == (
            1000,
            "test0",
            87.3365,
        )
        assert "test loss is 87.3365, no better than guessing (2.30259)" in finding.message
        assert "BatchNorm" in finding.advice[1]
        assert len(finding.evidence) == 6

    def test_resolves_when_they_follow(self) -> None:
        """The first that is better than guessing."""
        log = self.log([*[2.3] * 12, 0.5, 0.5])

        assert [(at, state) for at, rule, state in edges(log) if rule == RULE] == [
            (2000, "firing"),
            (2400, "resolved"),
        ]

    def test_once_better_is_overfitting(self) -> None:
        """Data that were right once are right."""
        assert found(self.log([2.3, 1.0, *[9] * 20]), RULE) == []

    def test_silent_while_they_come_down(self) -> None:
        """Those of BatchNorm do, from 80 on, for hundreds of iterations."""
        wild = [80 * 0.75**number + 2.2 for number in range(14)]

        assert found(self.log(wild), RULE) == []

    def test_silent_where_nothing_was_learned(self) -> None:
        """That is a plateau."""
        assert found(self.log([2.3] * 12, [CHANCE] * 240), RULE) == []

    def test_silent_without_a_number_of_classes(self) -> None:
        """Nobody knows what guessing costs."""
        log = CaffeLog.started()
        for number in range(15):
            log.test(200 * number, loss=87)
            log.losses([2 * 0.5**number] * 20, 200 * number)

        assert found(log, RULE) == []


class TestNothingLoaded:
    def finetuned(self, *ignored: str, copied: str = "", resumed: bool = False) -> CaffeLog:
        """Write a run that finetunes, and the layers of the file that it has no place for."""
        log = CaffeLog()
        log.set_up()
        start = log.chunks.pop()[1]
        before, after = start.split("I1123 07:14:45", 1)[0], start
        log.chunks.append((-1, before + after.rsplit("I1123", 2)[0]))
        log.say("Finetuning from vgg.caffemodel", "caffe.cpp:155")
        for layer in ignored:
            log.say(f"Ignoring source layer {layer}", "net.cpp:744")
        if copied:
            log.say(f"Copying source layer {copied}", "net.cpp:748")
        if resumed:
            log.say("Resuming from net_iter_500.solverstate", "caffe.cpp:234")
        log.say("Starting Optimization", "caffe.cpp:239")
        log.say("Solving mlp", "solver.cpp:289")
        log.losses([2.3])
        return log

    def test_says_which_layers_were_ignored(self) -> None:
        """As many as the net has, from the first on."""
        finding = only(self.finetuned(*LAYERS), RULE)

        assert (finding.iteration, finding.place.kind) == (0, "weights")
        assert finding.message == (
            "Finetuning from vgg.caffemodel ignored 7 layers of that file (conv1, conv2, conv3, "
            "conv4, fc6, fc7 and 1 more); this net has 7: next to nothing was loaded."
        )
        assert "matched by name" in finding.advice[0]

    def test_a_new_head_is_why_one_finetunes(self) -> None:
        """The last layers are not wanted."""
        assert found(self.finetuned("fc6", "fc7", "fc8"), RULE) == []

    def test_a_net_that_was_cut_off_ignores_many(self) -> None:
        """The first layers were loaded: what is ignored begins behind them."""
        deep = [f"conv{block}_{number}" for block in (3, 4, 5) for number in (1, 2, 3)]

        assert found(self.finetuned(*deep), RULE) == []

    def test_a_debug_build_says_what_it_copied(self) -> None:
        """Then something was loaded."""
        assert found(self.finetuned(*LAYERS, copied="data"), RULE) == []

    def test_a_resumed_run_has_its_own_weights(self) -> None:
        """Nothing is ignored there."""
        assert found(self.finetuned(*LAYERS, resumed=True), RULE) == []

    def test_nothing_ignored(self) -> None:
        """All is well."""
        assert found(self.finetuned(), RULE) == []


class TestSettings:
    def test_displays(self) -> None:
        """Sooner."""
        log = CaffeLog.started(MLP)
        log.losses([0, 0, 1])

        assert [at for at, _, _ in edges(log, tuned(RULE, displays=2))] == [10, 20]


class TestRealLogs:
    def test_random_labels_are_learned_by_heart(self) -> None:
        """The tests of other images are no better than guessing."""
        (finding,) = real("overfit_small", RULE)

        assert (finding.iteration, finding.place.net) == (1000, "test0")

    @pytest.mark.parametrize(
        "name", ["finetune_frozen_ok", "resnet_ok", "resume_ok", "lenet_quiet_ok"]
    )
    def test_silent_on_healthy_ones(self, name: str) -> None:
        """Finetuning, BatchNorm, a resumed run."""
        assert real(name, RULE) == []
