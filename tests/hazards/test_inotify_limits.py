"""No watches, or no inotify at all: polling finds what is new, and the daemon says so once.

The limits are those of a user namespace of its own; the machine's stay as they are.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training, rotate

LIMITS = ("max_inotify_watches", "max_inotify_instances")


@pytest.fixture(params=LIMITS)
def limited(
    request: pytest.FixtureRequest, hazard: Hazard, program: Callable[[str, str], str]
) -> Hazard:
    """Run the daemon where the limit is 0."""
    space = [program("unshare", "util-linux"), "--user", "--map-root-user"]
    script = f'echo 0 > /proc/sys/user/{request.param} && exec "$@"'
    prefix = [*space, "sh", "-c", script, "sh"]
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False, text=True)
    if tried.returncode != 0:
        pytest.skip(f"no user namespace can be made here: {tried.stderr}")
    hazard.daemon.prefix = prefix
    hazard.configure("*.log", poll="200ms")
    return hazard


class TestInotifyLimits:
    def test_polling_finds_all(self, limited: Hazard) -> None:
        """Lines, rotations and new logs come in; with events asked for, it is said why not."""
        run, other = Training(), Training(1)
        limited.write(limited.log, run.begin())
        limited.start()

        limited.write(limited.log, run.on())
        rotate(limited.log, create=True)
        limited.write(limited.log, run.nan())
        limited.write(limited.folder / "later.log", other.begin())

        limited.expect(NAN)
        said = limited.daemon.said.count("polling finds what is new")
        assert said == int(limited.tail["events"])
