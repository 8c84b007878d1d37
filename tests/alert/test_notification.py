from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.alert.matchers import Matcher
from caffewatch.alert.model import Alert, Severity, identity
from caffewatch.alert.notification import (
    Letter,
    Subscription,
    address,
    alert_from_json,
    alert_to_json,
    bundle,
)

FIRING = Alert("f1", "g1", "firing", "crash", "warning", {"log": "/a\udcff"}, {"value": "∞"}, 5.0)
RESOLVED = replace(FIRING, state="resolved", ends_at=9.5)


class TestIdentity:
    @given(st.lists(st.text()), st.lists(st.text()))
    def test_no_two_lists_share_one(self, left: list[str], right: list[str]) -> None:
        """Wherever the parts are cut."""
        assert (identity(*left) == identity(*right)) == (left == right)

    def test_takes_paths_that_are_no_utf_8(self) -> None:
        """A file's name is any bytes."""
        assert len(identity("/data/\udcff.log")) == 16

    def test_is_the_same_in_every_process(self) -> None:
        """It is stored, and compared after a restart."""
        assert identity("gpu-07", "imagenet") == "a102d52df0a85721"


class TestSubscription:
    @pytest.mark.parametrize(
        ("minimum", "wanted"),
        [("info", ["info", "warning", "critical"]), ("warning", ["warning", "critical"]),
         ("critical", ["critical"])],
    )  # fmt: skip
    def test_drops_what_is_milder(self, minimum: Severity, wanted: list[str]) -> None:
        """From the severity asked for upwards."""
        severities: list[Severity] = ["info", "warning", "critical"]
        subscription = Subscription("slack", minimum)

        assert [x for x in severities if subscription.wants(replace(FIRING, severity=x))] == wanted

    def test_may_leave_out_the_second_edge(self) -> None:
        """Some only want to hear that it burns."""
        wants = Subscription("slack", send_resolved=False).wants

        assert (wants(FIRING), wants(RESOLVED)) == (True, False)

    def test_events_are_asked_for_by_kind(self) -> None:
        """Whatever their severity, and only those; matchers count for them too."""
        finished = replace(
            FIRING, state="event", severity="info", labels={"event": "finished", "team": "vision"}
        )
        snapshot = replace(finished, labels={"event": "snapshot", "team": "vision"})
        asking = Subscription("slack", "critical", send_events=("finished",))
        other = replace(asking, matchers=(Matcher.parse("team=audio"),))

        wanted = [x.wants(y) for x in (asking, other) for y in (finished, snapshot)]

        assert wanted == [True, False, False, False]

    def test_all_matchers_have_to_fit(self) -> None:
        """Both edges alike, for labels are frozen."""
        matchers = (Matcher.parse("team=vision"), Matcher.parse('layer=~"conv.*"'))
        wants = Subscription("slack", matchers=matchers).wants
        fits, differs = {"team": "vision", "layer": "conv1"}, {"team": "vision", "layer": "fc"}

        assert [wants(replace(x, labels=fits)) for x in (FIRING, RESOLVED)] == [True, True]
        assert not wants(replace(FIRING, labels=differs))


class TestAddress:
    def test_writes_one_letter_for_each_edge_and_receiver(self) -> None:
        """In the order of the edges, due after the wait."""
        receivers = [Subscription("a"), Subscription("b", "critical"), Subscription("c")]

        letters = address([FIRING, RESOLVED], iter(receivers), now=100.0, group_wait=30.0)

        assert letters == [
            Letter(name, alert, created_at=100.0, due_at=130.0)
            for alert in (FIRING, RESOLVED)
            for name in ("a", "c")
        ]


class TestBundle:
    LETTERS = (Letter("a", FIRING, 7.0, 8.0), Letter("a", RESOLVED, 6.0, 8.0))

    def test_keeps_the_order_and_the_first_time(self) -> None:
        """Firing before resolved."""
        notification = bundle("a", iter(self.LETTERS))

        assert notification.alerts == (FIRING, RESOLVED)
        assert (notification.group, notification.created_at) == ("g1", 6.0)

    def test_has_the_same_id_on_every_try(self) -> None:
        """It does not depend on when it was written."""
        later = [replace(letter, created_at=99.0, due_at=99.0) for letter in self.LETTERS]

        assert bundle("a", later).id == bundle("a", self.LETTERS).id

    def test_another_state_receiver_or_repeat_is_another_message(self) -> None:
        """Only the same message may be dropped as a duplicate."""
        first = self.LETTERS[0]
        ids = {
            bundle("a", [first]).id,
            bundle("b", [first]).id,
            bundle("a", [replace(first, repeat=1)]).id,
            bundle("a", [self.LETTERS[1]]).id,
        }

        assert len(ids) == 4


class TestJson:
    @pytest.mark.parametrize("alert", [FIRING, RESOLVED])
    def test_comes_back_as_it_was(self, alert: Alert) -> None:
        """Also with a path that is no UTF-8."""
        assert alert_from_json(alert_to_json(alert)) == alert

    @pytest.mark.parametrize("text", ["", "{}", '{"rule": 1}', "[1]"])
    def test_refuses_other_text(self, text: str) -> None:
        """A corrupt store is told from a bug."""
        with pytest.raises(ValueError, match=r"Expecting value|not an encoded alert"):
            alert_from_json(text)
