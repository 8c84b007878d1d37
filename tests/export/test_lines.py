from __future__ import annotations

from caffewatch.export import families
from caffewatch.export.lines import MAX_SIZE, Heads, tail


class TestHeads:
    def test_a_line_is_head_tail_and_number(self) -> None:
        """The two make what a scraper reads, up to the number."""
        line = Heads()[families.LAYER_WEIGHT, ("conv1",)] + tail("mnist", "/a.log")

        assert line == (
            'caffe_layer_weight_mean_abs{layer="conv1",training_job="mnist",log="/a.log"} '
        )

    def test_values_are_escaped(self) -> None:
        """Quotes and backslashes stay within the label."""
        assert Heads()[families.LAYER_WEIGHT, ('a"b\\c',)].endswith(r'{layer="a\"b\\c",')
        assert tail('"', "\\") == r'training_job="\"",log="\\"} '

    def test_what_is_kept_is_bounded(self) -> None:
        """However many layers there are, and however long their names."""
        heads = Heads()

        for number in range(100_000):
            assert heads[families.LAYER_WEIGHT, (f"layer{number}",)]
        assert heads[families.LAYER_WEIGHT, ("x" * 100_000,)]

        assert heads.size <= MAX_SIZE
        assert max(len(values[0]) for _, values in heads) < 20
