"""Read positions as the store keeps them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.tail.identity import Digest, FileId, Known
from caffewatch.tail.position import VERSION, FilePosition, PastFile, Position

numbers = st.integers(min_value=0, max_value=2**63)
file_ids = st.builds(FileId, numbers, numbers)
digests = st.builds(Digest.of, st.binary(max_size=20))
known = st.builds(Known, file_ids, digests, digests, numbers)
files = st.builds(
    FilePosition,
    numbers,
    st.none() | numbers,
    st.binary(max_size=20).map(lambda x: x.decode("utf-8", "surrogateescape")),
    known,
    st.none() | numbers,
    st.booleans(),
)
past = st.lists(st.builds(PastFile, file_ids, digests), max_size=3).map(tuple)
positions = st.builds(
    Position, st.lists(files, max_size=3).map(tuple), past, past, st.none() | st.just("/a")
)


class TestPosition:
    @given(positions)
    def test_survives_the_store(self, position: Position) -> None:
        """Whatever was saved comes back, names that are no UTF-8 too."""
        restored = Position.from_json(position.to_json())

        assert restored == position

    @pytest.mark.parametrize(
        "text",
        ["", "{}", "[]", "null", '{"version": 1}', '{"version": 2, "files": [{}], "beside": []}'],
    )
    def test_refuses_anything_else(self, text: str) -> None:
        """A text that is no position is an error of one kind."""
        with pytest.raises(ValueError, match="not an encoded read position"):
            Position.from_json(text)

    def test_has_no_offset_before_the_first_file(self) -> None:
        """A log that never was has been read up to 0."""
        assert Position(()).offset == 0

    def test_is_json(self) -> None:
        """The encoding names its version."""
        assert json.loads(Position(()).to_json())["version"] == VERSION
