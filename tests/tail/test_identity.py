"""The decision what happened to a log between two looks."""

import pytest

from caffewatch.tail.identity import Change, Digest, FileId, Known, Seen, decide

THIS, OTHER = FileId(1, 10), FileId(1, 11)
READ = Known(THIS, Digest.of(b"I1123 one\n"), Digest.of(b"I1123 one\n"), 10)
NOTHING_READ = Known(THIS, Digest.of(b""), Digest.of(b""), 0)


def seen(file: FileId, content: bytes) -> Seen:
    """Make what a file of this content shows to someone who read ten bytes."""
    return Seen(file, len(content), content[:1024], content[:10])


class TestDecide:
    @pytest.mark.parametrize(
        ("known", "now", "expected"),
        [
            (READ, None, Change.GONE),
            (READ, seen(THIS, b"I1123 one\n"), Change.SAME),
            (READ, seen(THIS, b"I1123 one\ntwo\n"), Change.GROWN),
            (READ, seen(THIS, b"I1123"), Change.TRUNCATED),
            (READ, seen(THIS, b""), Change.TRUNCATED),
            (READ, seen(THIS, b"I1124 new\nand longer\n"), Change.TRUNCATED),
            (READ, seen(OTHER, b"I1123 one\n"), Change.REPLACED),
            (READ, seen(OTHER, b"I1123 one\ntwo\n"), Change.REPLACED),
            (READ, seen(OTHER, b"I1123 o"), Change.ROTATED),
            (READ, seen(OTHER, b"I1124 new\nand longer\n"), Change.ROTATED),
            (READ, seen(OTHER, b""), Change.ROTATED),
            (NOTHING_READ, Seen(THIS, 0, b"", b""), Change.SAME),
            (NOTHING_READ, Seen(THIS, 3, b"abc", b""), Change.GROWN),
            (NOTHING_READ, Seen(OTHER, 3, b"abc", b""), Change.ROTATED),
        ],
    )
    def test_names_what_happened(self, known: Known, now: Seen | None, expected: Change) -> None:
        """Size, inode and content together say what happened."""
        change = decide(known, now)

        assert change == expected

    @pytest.mark.parametrize("part", ["head", "tail"])
    def test_either_sample_betrays_other_content(self, part: str) -> None:
        """A file that has regrown past the offset differs at its beginning or before the offset."""
        known = Known(THIS, Digest.of(b"head"), Digest.of(b"tail"), 5000)
        samples = {"head": b"head", "tail": b"tail"} | {part: b"else"}

        change = decide(known, Seen(THIS, 9000, **samples))

        assert change == Change.TRUNCATED


class TestDigest:
    def test_matches_longer_data(self) -> None:
        """A fingerprint taken while the file was short still holds once it has grown."""
        assert Digest.of(b"abc").matches(b"abcdef")

    def test_does_not_match_shorter_data(self) -> None:
        """What is missing cannot agree."""
        assert not Digest.of(b"abc").matches(b"ab")
