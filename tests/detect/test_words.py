from __future__ import annotations

import math

import pytest

from caffewatch.detect.finding import Finding, Place
from caffewatch.detect.words import count, describe, enumerate_layers, parameter_name, spell
from caffewatch.log.events import Blob, Moment


class TestSpell:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(0.30416912, "0.304169"), (1e8, "1e+08"), (-math.nan, "nan"), (-math.inf, "-inf")],
    )
    def test_writes_what_caffe_writes(self, value: float, text: str) -> None:
        """A reader must find the number in the log."""
        assert spell(value) == text


class TestDescribe:
    @pytest.mark.parametrize(
        ("blob", "text"),
        [
            (("forward", "c", "top", "c", "data"), "the output of layer c"),
            (("forward", "r", "top", "c", "data"), "the output of layer r (blob c)"),
            (("forward", "c", "param", "w", "data"), "parameter w of layer c"),
            (("forward", "x", "input", "x", "data"), "the net's input x"),
            (("backward", "c", "param", "0", "diff"), "the gradient of the weight of layer c"),
            (("backward", "c", "bottom", "b", "diff"),
             "the gradient that layer c passes to blob b"),
            (("update", "c", "param", "0", "diff"), "the update of parameter 0 of layer c"),
        ],
    )  # fmt: skip
    def test_says_what_is_measured(self, blob: Blob, text: str) -> None:
        """Nobody must know the words of debug_info."""
        assert describe(Blob(*blob)) == text


class TestEnumerateLayers:
    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (0, ""),
            (1, "l0"),
            (2, "l0 and l1"),
            (6, "l0, l1, l2, l3, l4 and l5"),
            (8, "l0, l1, l2, l3, l4, l5 and 2 more"),
        ],
    )
    def test_names_a_few_and_counts_the_rest(self, number: int, text: str) -> None:
        """A net of 200 layers must not make a page of one sentence."""
        assert enumerate_layers([f"l{index}" for index in range(number)]) == text


class TestCount:
    def test_numbers_and_nouns_agree(self) -> None:
        """One, many, and nouns that end in s."""
        words = [count(1, "pass"), count(2, "pass"), count(0, "line")]

        assert words == ["1 pass", "2 passes", "0 lines"]

    def test_parameters_have_names(self) -> None:
        """The third and later have none of their own."""
        assert [parameter_name(i) for i in range(3)] == ["weight", "bias", "parameter 2"]


class TestWhen:
    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (Moment(17, estimated=False), "iteration 17"),
            (Moment(20), "iteration 20 (estimated)"),
            (Moment(None), "an iteration that the log has not numbered yet"),
        ],
    )
    def test_marks_an_estimate(self, moment: Moment, text: str) -> None:
        """Nobody must take a guess for the log's word."""
        place = Place(1, moment, None)
        finding = Finding("crash", "critical", 1, place, [], "At {iteration}.", ())

        assert finding.message == f"At {text}."
