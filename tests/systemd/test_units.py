"""The unit files, as systemd itself judges them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from caffewatch.config.settings import DEFAULT_STATE_DIR
from caffewatch.service.daemon import CATCH_UP, STOP_PATIENCE, STUCK
from tests.systemd.sandbox import read

FOLDER = Path(__file__).parents[2] / "systemd"
UNITS = (FOLDER / "caffewatch.service", FOLDER / "caffewatch@.service")
Program = Callable[[str, str], str]

DROP_IN = """
[Service]
SupplementaryGroups=adm
LoadCredential=slack-url:/etc/caffewatch/secrets/slack-url
"""


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, Path]:
    """Lay the units out with a program that exists."""
    laid = {}
    for unit in UNITS:
        laid[unit.name] = tmp_path / unit.name
        text = unit.read_text().replace("/usr/local/bin/caffewatch", "/bin/true")
        laid[unit.name].write_text(text)
    return laid


def seconds(text: str) -> int:
    """Read a time span of a unit file."""
    unit = {"min": 60, "s": 1}["min" if text.endswith("min") else "s"]
    return int(text.rstrip("mins")) * unit


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS, ids=lambda x: x.name)
    def test_systemd_accepts_it(
        self, unit: Path, installed: dict[str, Path], program: Program
    ) -> None:
        """`systemd-analyze verify` has nothing to say."""
        analyze = program("systemd-analyze", "systemd")

        done = subprocess.run(
            [analyze, "verify", installed[unit.name]], capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stderr) == (0, "")

    def test_an_instance_with_a_drop_in(
        self, installed: dict[str, Path], program: Program, tmp_path: Path
    ) -> None:
        """With a user who exists, and what the documentation says to add."""
        analyze = program("systemd-analyze", "systemd")
        instance = tmp_path / "caffewatch@games.service"
        instance.write_text(installed["caffewatch@.service"].read_text() + DROP_IN)

        done = subprocess.run(
            [analyze, "verify", instance], capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize(("unit", "threshold"), [(UNITS[0], 15), (UNITS[1], 25)])
    def test_exposure(self, unit: Path, threshold: int, program: Program) -> None:
        """Systemd's own measure, in tenths: 0 is best, 100 is worst."""
        analyze = program("systemd-analyze", "systemd")

        done = subprocess.run(
            [analyze, "security", "--offline=true", f"--threshold={threshold}", unit],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("unit", UNITS, ids=lambda x: x.name)
    def test_times_fit_the_daemon(self, unit: Path) -> None:
        """/healthz complains before the watchdog bites; start and end have time enough."""
        service = read(unit)

        assert seconds(service["WatchdogSec"]) > STUCK
        assert seconds(service["TimeoutStopSec"]) > 5 * STOP_PATIENCE
        assert seconds(service.get("TimeoutStartSec", "90s")) > 5 * CATCH_UP

    def test_state_is_where_the_configuration_says(self) -> None:
        """The default needs no key in the file."""
        service = read(UNITS[0])

        assert f"/var/lib/{service['StateDirectory']}" == DEFAULT_STATE_DIR
        assert service["User"] == "caffewatch"

    def test_both_differ_only_where_they_have_to(self) -> None:
        """What one of them forbids is not forgotten in the other."""
        first, second = (read(unit) for unit in UNITS)

        different = {
            key for key in first.keys() | second.keys() if first.get(key) != second.get(key)
        }

        assert different == {
            "ExecStart", "User", "Group", "StateDirectory", "WorkingDirectory", "Environment",
            "PrivateUsers", "RemoveIPC",
        }  # fmt: skip


class TestInstalling:
    def test_the_user(self, program: Program, tmp_path: Path) -> None:
        """systemd-sysusers makes one that cannot log in."""
        sysusers = program("systemd-sysusers", "systemd")
        (tmp_path / "etc").mkdir()

        subprocess.run(
            [sysusers, f"--root={tmp_path}", FOLDER / "caffewatch.sysusers"],
            check=True, capture_output=True,
        )  # fmt: skip

        name, _, _, _, _, home, shell = (tmp_path / "etc/passwd").read_text().strip().split(":")
        assert (name, home, shell) == ("caffewatch", DEFAULT_STATE_DIR, "/usr/sbin/nologin")

    def test_the_folders(self, program: Program, tmp_path: Path) -> None:
        """Everybody may read configurations, and only root the secrets."""
        tmpfiles = program("systemd-tmpfiles", "systemd")
        mine = tmp_path / "mine.conf"
        # Whoever runs the tests need not be root, and can give files only to himself.
        mine.write_text((FOLDER / "caffewatch.tmpfiles").read_text().replace("root root", "- -"))

        subprocess.run([tmpfiles, f"--root={tmp_path}", "--create", mine], check=True)

        modes = [
            (tmp_path / x).stat().st_mode & 0o777
            for x in ("etc/caffewatch", "etc/caffewatch/secrets")
        ]
        assert modes == [0o755, 0o700]
