from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from caffewatch.config import ConfigError, load
from tests.config.fake_rules import FAKE_RULES

CASES = Path(__file__).parent / "cases"
BAD = sorted(CASES.glob("bad_*.yaml"), key=lambda path: path.name)
GOOD = sorted(CASES.glob("good_*.yaml"), key=lambda path: path.name)


class TestCases:
    @pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
    def test_good(self, path: Path, environ: Mapping[str, str]) -> None:
        """A good file loads, with at least one job."""
        settings = load(path, environ, FAKE_RULES)

        assert settings.jobs

    @pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
    def test_bad(self, path: Path, environ: Mapping[str, str]) -> None:
        """A bad file gives exactly the problems that are written beside it, and no secret."""
        with pytest.raises(ConfigError) as raised:
            load(path, environ, FAKE_RULES)

        text = str(raised.value).replace(f"{path}:", "")
        text = text.replace(environ["CREDENTIALS_DIRECTORY"], "CREDENTIALS")
        expected = path.with_suffix(".errors").read_text()
        assert text + "\n" == expected
        assert "hunter2" not in text

    def test_every_bad_case_has_its_errors(self) -> None:
        """No file of expected errors is left over."""
        expected = {path.stem for path in CASES.glob("*.errors")}

        assert {path.stem for path in BAD} == expected
