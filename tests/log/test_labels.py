"""Real logs: what is counted equals their labels, and any cut gives the same events."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffewatch.log.events import Iteration
from tests.log.samples import LABELS, comparable, of, parse, parse_in_pieces, real_log, runs

CUT = ("r11_034_ok", "two_runs_appended", "siamese_ok", "input_nan")
"""Logs of different kinds: a plain one, two runs, shared parameters, a crash."""


class TestLabels:
    @pytest.mark.parametrize("name", LABELS)
    def test_counts_and_outcome(self, name: str) -> None:
        """Iterations, debug values and outcome of a real log are exact."""
        events = parse(real_log(name))
        found = runs(events)

        label = LABELS[name]
        assert len(of(Iteration, events)) == label["iterations"]
        assert sum(run.debug_values for run in found) == label["debug_values"]
        assert found[-1].outcome == label["outcome"]

    def test_two_runs(self) -> None:
        """Two runs appended to one file are two, with identities of their own."""
        found = runs(parse(real_log("two_runs_appended")))

        assert [(run.ordinal, run.outcome) for run in found] == [(1, "finished"), (2, "finished")]
        assert len({run.id for run in found}) == 2

    def test_resumed(self) -> None:
        """A resumed run knows the snapshot it came from."""
        (run,) = runs(parse(real_log("resume_ok")))

        assert run.loaded is not None
        assert (run.loaded.resumed, run.first_iteration) == (True, 500)

    def test_iter_size_repeats_the_block(self) -> None:
        """With iter_size 4 an iteration has four passes."""
        (run,) = runs(parse(real_log("itersize_ok")))

        assert run.passes == 4 * (run.display_count - 1)
        assert [x.moment.iteration for x in run.recent] == [280] * 4 + [290] * 4


class TestCuts:
    @pytest.mark.parametrize("name", CUT)
    @settings(max_examples=8)
    @given(data=st.data())
    def test_any_cut(self, name: str, data: st.DataObject) -> None:
        """A real log gives the same events, whatever the reads."""
        log = real_log(name)
        cuts = data.draw(st.lists(st.integers(0, len(log)), max_size=200).map(sorted))
        edges = [0, *cuts, len(log)]

        pieces = [log[a:b] for a, b in pairwise(edges)]

        assert comparable(parse_in_pieces(pieces)) == comparable(parse(log))

    def test_byte_by_byte(self) -> None:
        """The smallest cut of all, over the first display and the last."""
        log = real_log("r11_034_ok")
        log = log[:24_000] + log[-6_000:]

        pieces = (log[i : i + 1] for i in range(len(log)))

        assert comparable(parse_in_pieces(pieces)) == comparable(parse(log))
