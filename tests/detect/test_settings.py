from __future__ import annotations

import dataclasses

from caffewatch.detect.settings import Parameters, RuleSettings, parameter


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample(Parameters):
    """A rule's parameters."""

    share: float = parameter(0.5, "how much", "ratio", 0.0)


class TestOfLayer:
    SETTINGS = RuleSettings(
        {"rule": Sample(share=0.4)},
        {"rule": (("conv*", Sample(share=0.3)), ("conv1", Sample(share=0.2)))},
    )

    def test_a_layer_without_override(self) -> None:
        """The rule's own parameters hold."""
        assert self.SETTINGS.of_layer("rule", "ip1", Sample()) == Sample()

    def test_the_last_glob_that_matches_wins(self) -> None:
        """The special case is written behind the general one."""
        shares = [self.SETTINGS.of_layer("rule", x, Sample()) for x in ("conv1", "conv2")]

        assert shares == [Sample(share=0.2), Sample(share=0.3)]

    def test_globs_mind_case(self) -> None:
        """Caffe's layer names do."""
        assert self.SETTINGS.of_layer("rule", "CONV1", Sample()) == Sample()

    def test_another_rule(self) -> None:
        """Overrides belong to one rule."""
        assert self.SETTINGS.of_layer("other", "conv1", Sample()) == Sample()


class TestParameter:
    def test_carries_what_config_and_docs_say(self) -> None:
        """What is not given is not there."""
        (share,) = (f for f in dataclasses.fields(Sample) if f.name == "share")

        assert dict(share.metadata) == {"help": "how much", "unit": "ratio", "minimum": 0.0}
