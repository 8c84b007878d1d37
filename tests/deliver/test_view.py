from __future__ import annotations

from datetime import UTC

from caffewatch.alert.model import resolved
from caffewatch.deliver.site import Site
from caffewatch.deliver.view import SHOWN_ALERTS, view
from tests.deliver.samples import STARTED, alert, event, notification

SITE = Site("https://watch.example/", "https://docs.example/", zone=UTC)


class TestFacts:
    def test_firing(self) -> None:
        """Where, since when, the value, what to do first, where to go back to."""
        told = alert(annotations={"recent": "0.3 → nan", "evidence": "▁×", "line": "941"})

        (shown,) = view(notification(told), SITE).alerts

        assert shown.headline == "🔴 Critical: nan or inf in layer conv1"
        assert [": ".join(fact) for fact in shown.facts] == [
            "Where: layer conv1, job imagenet, host gpu-07",
            "Since: iteration 17, 2026-11-23 07:20 UTC",
            "Lately: 0.3 → nan  ▁×",
            "Do first: Lower base_lr to a tenth.",
            "Then: Then look at the input.",
            "Go back to: lenet_iter_10.solverstate",
            "Log: /data/train.log, line 941",
        ]

    def test_told_again(self) -> None:
        """Nobody is to take it for something new."""
        (shown,) = view(notification(alert(annotations={"repeat": "1"})), SITE).alerts

        assert shown.headline == "🔴 Still critical: nan or inf in layer conv1"

    def test_resolved(self) -> None:
        """What is over needs no advice, but says why it is over."""
        over = resolved(alert(), STARTED + 754, "a new run began in this log")
        (shown,) = view(notification(over), SITE).alerts

        assert shown.headline == "✅ Resolved: nan or inf in layer conv1"
        assert [": ".join(fact) for fact in shown.facts] == [
            "Where: layer conv1, job imagenet, host gpu-07",
            "Lasted: 13 min, from iteration 17 on",
            "Ended: 2026-11-23 07:32 UTC, a new run began in this log",
            "Log: /data/train.log",
        ]

    def test_no_clean_snapshot(self) -> None:
        """After a nan it matters that there is none."""
        nan, other = (
            alert(annotations={"snapshot": ""}),
            alert("crash", annotations={"snapshot": ""}),
        )

        facts = [dict(view(notification(x), SITE).worst.facts) for x in (nan, other)]

        assert facts[0]["Go back to"] == "nothing: no snapshot of this run is clean"
        assert "Go back to" not in facts[1]

    def test_an_estimated_iteration(self) -> None:
        """It is marked so."""
        told = alert(annotations={"iteration_estimated": "true"})

        assert view(notification(told), SITE).worst.iteration == "17 (estimated)"

    def test_an_event(self) -> None:
        """It has no severity to speak of, and no end."""
        worst = view(notification(event()), SITE).worst

        assert worst.headline == "🔵 Run finished"
        assert [": ".join(fact) for fact in worst.facts] == [
            "Where: layer conv1, job imagenet, host gpu-07",
            "When: iteration 17, 2026-11-23 07:20 UTC",
            "Log: /data/train.log",
        ]

    def test_unknown_rule(self) -> None:
        """An alert of a rule that is gone after an update is still told."""
        worst = view(notification(alert("old_rule", "warning")), SITE).worst

        assert (worst.headline, worst.rule_url) == ("🟠 Warning: old rule in layer conv1", "")


class TestView:
    def test_the_worst_that_fires_comes_first(self) -> None:
        """A burst is named after it; what is over comes last."""
        over = alert("stall", ends_at=STARTED + 1)
        shown = view(notification(over, alert("old_rule", "warning"), alert()), SITE)

        assert [x.rule for x in shown.alerts] == ["non_finite", "old_rule", "stall"]
        assert (shown.worst.rule, shown.more) == ("non_finite", 2)

    def test_a_big_burst(self) -> None:
        """The rest is counted and named."""
        shown = view(notification(*[alert("old_rule", "warning")] * (SHOWN_ALERTS + 40)), SITE)

        assert (len(shown.alerts), shown.left_out) == (
            SHOWN_ALERTS,
            "40 more of this run: old rule",
        )

    def test_labels_that_are_not_there(self) -> None:
        """They are empty: a job without a team must not cost an alert."""
        assert view(notification(alert()), SITE).worst.labels["team"] == ""

    def test_text_of_a_log_is_cleaned(self) -> None:
        """On one line, without controls, and not for ever."""
        evil = "a\n\x1b[31mb\u202e" + "x" * 100_000
        told = alert(
            labels={"layer": evil, "log": evil}, annotations={"advice": evil, "value": evil}
        )

        worst = view(notification(told), SITE).worst
        texts = [worst.layer, worst.log, worst.value, *worst.advice, worst.headline]

        assert not any(set(text) & {"\n", "\x1b", "\u202e"} for text in texts)
        assert max(len(text) for text in texts) <= 600
