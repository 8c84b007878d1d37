"""What every test may use, and the rule that CI leaves nothing out."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from tests.patience import PATIENCE


def in_ci() -> bool:
    """Tell whether a missing tool is a failure."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


# A shell that runs the tests behind itself has them ignore interrupts, and the programs they start
# would ignore them too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine stalls now and then; a slow example is no fault of the code. CI tries the same
# examples each time, everybody else and `make soak` new ones.
settings.register_profile(
    "caffewatch",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=in_ci(),
)
settings.load_profile("caffewatch")


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """Find a program of the system by (name, Debian package), or skip the test; fail in CI."""

    def find(name: str, package: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not on this machine (apt-get install {package})")
        return path

    return find


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Wait until a condition holds, or fail at a deadline: for what threads and processes do."""

    def wait(condition: Callable[[], object], timeout: float = PATIENCE) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"still not so after {timeout} s: {condition}")
            time.sleep(0.005)

    return wait


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI that left a test out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter is not None else 0
    if reporter is not None and in_ci() and skipped:
        reporter.write_line(f"\nCI leaves nothing out, but {skipped} tests were skipped.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
