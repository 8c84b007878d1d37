"""A link in a sticky, world-writable folder that belongs to somebody else.

With ``fs.protected_symlinks`` the kernel refuses to follow it, for root as well; glog's links in
/tmp are like that. The link can still be read, and its target opened.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training

SETTING = Path("/proc/sys/fs/protected_symlinks")
STRANGER = 65534


def as_root(*command: str) -> None:
    """Do what only root may do, or skip the test."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    try:
        subprocess.run([*sudo, *command], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"only root can give a link to somebody else: {error}")


@pytest.fixture
def protected() -> Iterator[None]:
    """See to it that the kernel protects links, as it does by default."""
    before = SETTING.read_text().strip()
    if before == "0":
        as_root("sh", "-c", f"echo 1 > {SETTING}")
    yield
    if before == "0":
        as_root("sh", "-c", f"echo 0 > {SETTING}")


@pytest.mark.usefixtures("protected")
class TestProtectedLink:
    def test_read_all_the_same(self, hazard: Hazard) -> None:
        """The target is read, and so is the next one that the link is led to."""
        old, new = Training(), Training(1)
        hazard.configure("caffe.INFO")
        link = hazard.folder / "caffe.INFO"
        hazard.write(hazard.folder / "first", old.begin())
        link.symlink_to("first")
        as_root("chown", "-h", str(STRANGER), str(link))
        hazard.folder.chmod(0o1777)
        with pytest.raises(PermissionError):
            link.read_bytes()
        hazard.start()

        hazard.write(hazard.folder / "second", new.begin())
        link.unlink()
        link.symlink_to("second")
        as_root("chown", "-h", str(STRANGER), str(link))
        hazard.caught_up()
        hazard.write(hazard.folder / "second", new.nan())

        hazard.expect(NAN, last=hazard.folder / "second")
        assert {x["labels"]["log"] for x in hazard.alerts()} == {str(link)}
