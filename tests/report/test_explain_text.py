from __future__ import annotations

import json

import pytest

from caffewatch.report import explain_json, explain_text
from tests.logs import CaffeLog, healthy
from tests.report.test_explain import ends_with, read


def shown(log: CaffeLog, iteration: int | None = None) -> list[str]:
    """Return the lines of a block's text."""
    return [x.plain for x in explain_text.report("train.log", read(log, iteration))]


class TestText:
    def test_head(self) -> None:
        """Which block it is and why, its loss and rate, and the verdict come first."""
        lines = shown(healthy(5))

        assert lines[0] == "train.log: iteration 40, run 1 (mlp)"
        assert lines[1].endswith(": the last one")
        assert lines[2] == "  loss 2, learning rate 0.01"
        assert lines[3].startswith("  This block looks healthy: all 25 values are finite;")

    def test_every_value_in_its_layer(self) -> None:
        """Layers are headings; what is normal is said once for each kind of value."""
        lines = shown(healthy(5))
        at = lines.index("  ip1 (fully connected)")

        assert lines[at + 1 : at + 8] == [
            "    0.2           the output, before any activation; usually 0.2, last 0.2",
            "                  normal: 0.01 to 100, of like order from layer to layer",
            "    0.1           the weights; usually 0.1, last 0.1",
            "                  normal: 0.001 to 1, by its initialisation; then slow",
            "    0.1           the bias, one number for each output; usually 0.1, last 0.1",
            "                  normal: 0 at the start, then small and slow",
            "  relu1 (ReLU)",
        ]
        assert len([x for x in lines if x.endswith("then small and slow")]) == 1

    def test_phases(self) -> None:
        """Forward, backward and the norms are each explained."""
        starts = [x for x in shown(healthy(5)) if x.startswith(("  [", "  All net params"))]

        assert [x.split()[0] for x in starts] == ["[Forward]", "[Backward]", "All"]

    def test_mark(self) -> None:
        """A marked line has a sign, its reason below it, and is named again at the end."""
        lines = shown(ends_with({"d ip1.0": 0.2}))

        (marked,) = [n for n, x in enumerate(lines) if x.startswith("  ! ")]
        assert lines[marked].startswith(
            "  ! 0.2           the gradient with respect to the weights"
        )
        assert lines[marked + 1].strip() == "look here: 200 times what it usually is in this run"
        again = "ip1, the gradient with respect to the weights, 0.2"
        assert [x for x in lines if x.endswith(again)]
        assert lines[-3:-1] == ["", "  What to do"]

    def test_many_marks(self) -> None:
        """The end does not repeat them all."""
        lines = shown(ends_with({f"d ip{n}{part}": 3e8 for n in (1, 2) for part in ("", ".0", ".1")}
                                | {f"d relu{n}": 3e8 for n in (1, 2)}
                                | {f"ip{n}.0": 9e9 for n in (1, 2)}
                                | {"score.0": 9e9}))  # fmt: skip

        assert lines.count("  and 1 more line with a ! above") == 1
        assert len([x for x in lines if "look here: a mean gradient" in x]) == 1

    def test_cut_off(self) -> None:
        """A block without its end says so, and its iteration is an estimate."""
        log = healthy(5)
        log.forward(lines=3)
        log.signal("SIGTERM")
        lines = shown(log)

        assert lines[0] == "train.log: iteration 50 (estimated), run 1 (mlp)"
        assert "  The block is cut off: the lines behind it were never printed." in lines

    def test_forward_only(self) -> None:
        """So does one without gradients."""
        log = healthy(5)
        log.forward()
        log.iteration(50)

        said = "  Forward only: Caffe prints such a block before the last Iteration line."
        assert said in shown(log, 50)

    def test_control_characters(self) -> None:
        """Names from the log cannot drive a terminal."""
        log = healthy(5)
        text = log.text.replace("ip1", "ip\x1b[31m")
        lines = [x.plain for x in explain_text.report("a\x07", read(text.encode()))]

        assert lines[0].startswith("a�: iteration 40")
        assert not [x for x in lines if "\x1b" in x]


class TestFinding:
    def test_consequences(self) -> None:
        """The cause is told in full, what follows from it is only named."""
        log = ends_with({"data": "nan"}, max_iter=100)
        log.fatal()
        lines = shown(log)

        at = lines.index("  What stands out")
        assert lines[at + 1].startswith("  critical non_finite (line ")
        assert "At iteration 100 the output of layer data is nan" in lines[at + 2]
        assert [x for x in lines if x.endswith("): follows from non_finite")]

    def test_advice(self) -> None:
        """Advice is numbered."""
        lines = shown(ends_with({"data": "nan"}))

        assert lines[lines.index("  What to do") + 1].startswith("  1. ")


class TestJson:
    def test_whole(self) -> None:
        """One object, strict JSON, every line with what was worked out of it."""
        explanation = read(ends_with({"d ip1.0": "nan"}))
        report = json.loads(json.dumps(explain_json.report("train.log", explanation)))

        assert {k: report[k] for k in ("schema", "log", "run", "iteration", "net", "complete")} == {
            "schema": 1, "log": "train.log", "run": 1, "iteration": 100, "net": "mlp",
            "complete": True,
        }  # fmt: skip
        assert len(report["lines"]) == 25
        assert report["norms"] == {"l1": {"data": 9, "diff": 1}, "l2": {"data": 3, "diff": 1}}
        assert [x["rule"] for x in report["findings"]] == ["non_finite"]
        assert report["advice"] == report["findings"][0]["advice"]

    def test_line(self) -> None:
        """What is not finite is a string."""
        report = explain_json.report("train.log", read(ends_with({"d ip1.0": "nan"})))
        (line,) = [x for x in report["lines"] if x["mark"]]

        number, mark = line.pop("line"), line.pop("mark")
        assert number == report["findings"][0]["line"]
        assert mark.startswith("nan, the first of 1 in this block")
        assert line == {
            "phase": "backward", "layer": "ip1", "kind": "param", "blob": "0", "quantity": "diff",
            "type": "InnerProduct", "value": "nan",
            "meaning": "the gradient with respect to the weights",
            "normal": "lr * gradient 1e-4 to 1e-2 of the parameter, and like that of its peers",
            "note": None, "history": {"median": 0.001, "last": 0.001, "blocks": 10},
        }  # fmt: skip

    @pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
    def test_strict(self, value: str) -> None:
        """No parser meets a bare nan."""
        explanation = read(ends_with({"ip1": value, "loss": value}))

        json.dumps(explain_json.report("train.log", explanation), allow_nan=False)
