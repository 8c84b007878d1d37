from __future__ import annotations

import dataclasses
import pickle

import pytest

from caffewatch.detect.settings import Parameters, RuleSettings, parameter


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


class TestParameters:
    def test_of_defaults(self) -> None:
        """What every rule has, and what this one adds."""
        assert repr(Sample()) == "Sample(enabled=True, severity='warning', share=0.5)"

    def test_equal_by_their_values(self) -> None:
        """And by their class."""
        assert Sample(share=0.5) == Sample() != Sample(share=0.4)
        assert hash(Sample(share=0.5)) == hash(Sample())
        assert Sample() != Parameters()

    def test_what_is_not_declared(self) -> None:
        """Is refused."""
        with pytest.raises(TypeError, match="Sample has no part, whole"):
            Sample(whole=1.0, part=0.5)  # type: ignore[call-arg] # what is refused

    def test_never_change(self) -> None:
        """Other values make others; they can be copied and pickled."""
        sample = Sample(share=0.4)

        with pytest.raises(dataclasses.FrozenInstanceError):
            sample.share = 0.3  # type: ignore[misc] # what is refused
        assert dataclasses.replace(sample, enabled=False) == Sample(share=0.4, enabled=False)
        assert pickle.loads(pickle.dumps(sample)) == sample
