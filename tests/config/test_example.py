from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from caffewatch.config import Settings, example, load

COMMITTED = Path(__file__).parents[2] / "config" / "caffewatch.yaml"
OPTION = re.compile(r"^#(?=\S|  )", re.MULTILINE)


class TestExample:
    def test_is_the_committed_file(self) -> None:
        """What the command prints is what lies in the repository."""
        assert example() == COMMITTED.read_text()

    def test_loads(self) -> None:
        """The example needs no change to be valid, and leaves options at their defaults."""
        settings = load(COMMITTED, {})

        assert settings == Settings(host=settings.host, jobs=settings.jobs)

    def test_loads_with_every_option(self, tmp_path: Path, environ: Mapping[str, str]) -> None:
        """Every option that is commented out is valid too."""
        path = tmp_path / "caffewatch.yaml"
        path.write_text(OPTION.sub("", example()))

        settings = load(path, environ)

        names = [receiver.name for receiver in settings.receivers]
        assert names == ["slack-vision", "hook", "mail", "phone", "pager", "am"]
        assert settings.jobs[0].receivers == ("hook",)

    def test_options_stand_at_their_defaults(
        self, tmp_path: Path, environ: Mapping[str, str]
    ) -> None:
        """Taking the comment signs away changes no section."""
        path = tmp_path / "caffewatch.yaml"
        path.write_text(OPTION.sub("", example()))

        full, plain = load(path, environ), load(COMMITTED, {})

        assert (full.web, full.tail, full.alerts) == (plain.web, plain.tail, plain.alerts)
        assert (full.metrics, full.ignore_older) == (plain.metrics, plain.ignore_older)
