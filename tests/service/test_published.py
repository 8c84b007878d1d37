from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from caffewatch.service.published import Published
from tests.logs import CaffeLog
from tests.service.harness import Followed
from tests.tail.harness import append


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    """Follow a log that is not there as yet."""
    log = Followed(tmp_path / "train.log")
    log.look()
    yield log
    log.log.follower.close()


def publish(published: Published, followed: Followed) -> None:
    """Note that the log has changed, and publish."""
    published.note(followed.log)
    published.publish()


class TestPublished:
    def test_a_log_without_a_byte(self, followed: Followed) -> None:
        """It has figures, and no snapshot."""
        published = Published(blobs=False)

        publish(published, followed)

        assert [x.stats.lines for x in published.pictures()] == [0]
        assert published.snapshots() == []

    def test_a_picture_does_not_change(self, followed: Followed, healthy: CaffeLog) -> None:
        """What a reader holds stays as it was; the next one sees the new picture."""
        published = Published(blobs=False)
        append(followed.path, healthy.data)
        followed.look()
        publish(published, followed)
        (before,) = published.snapshots()
        lines = before.lines

        append(followed.path, b"more\n")
        followed.look()
        assert published.snapshots() == [before]
        publish(published, followed)

        (after,) = published.snapshots()
        assert (before.lines, after.lines) == (lines, lines + 1)

    @pytest.mark.parametrize("blobs", [False, True])
    def test_blobs_only_when_asked_for(
        self, blobs: bool, followed: Followed, healthy: CaffeLog
    ) -> None:
        """They are many."""
        published = Published(blobs)
        append(followed.path, healthy.data)
        followed.look()

        publish(published, followed)

        (snapshot,) = published.snapshots()
        assert snapshot.run is not None
        assert bool(snapshot.run.blobs) is blobs
