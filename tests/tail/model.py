"""What happens to a log's files, and which of the lines in them a follower owes."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from caffewatch.tail.identity import SAMPLE_SIZE


@dataclass(eq=False)
class Content:
    """What was written to one file, wherever it is by now.

    Parameters
    ----------
    path
        None once the file has no name.
    descriptor
        A writer that keeps the file open, where there is one.
    begun
        Number of the line whose beginning is the file's end, 0 for none.
    cuts
        Lines that were written in two pieces, and the length of the first one.
    is_telling
        The follower has seen a whole line in it.
    was_rotated
        A line without its end may have been flushed by now.
    is_open
        The follower under test is known to hold the file open.
    is_silent
        Nothing has come for so long that the follower closes the file once it is rotated.
    is_known
        The follower has seen the file at the log's path.
    is_excused
        Nobody could know that the file belongs to the log.
    is_copy
        Made by copytruncate: nobody writes to it.
    """

    path: Path | None
    data: bytes = b""
    descriptor: int | None = None
    begun: int = 0
    cuts: list[tuple[int, int]] = field(default_factory=list)
    is_telling: bool = False
    was_rotated: bool = False
    is_open: bool = False
    is_silent: bool = False
    is_known: bool = False
    is_excused: bool = False
    is_copy: bool = False

    @property
    def fragment(self) -> bytes:
        """The beginning of a line at the end."""
        return self.data[self.data.rfind(b"\n") + 1 :]


@dataclass(eq=False)
class Files:
    """A log and the files beside it; everything is written, moved and removed through this.

    Every file gets a time of modification of its own: the kernel's clock is slower than this.

    Attributes
    ----------
    log
        The path that is followed.
    written
        Every complete line there ever was, and how often it may arrive.
    excused
        Lines that need not arrive.
    torn
        What is left of a line when its beginning was flushed, as the line it belongs to.
    """

    folder: Path
    is_linked: bool
    written: Counter[bytes] = field(default_factory=Counter)
    excused: set[bytes] = field(default_factory=set)
    torn: dict[bytes, bytes] = field(default_factory=dict)
    rotated: list[Content] = field(default_factory=list)
    current: Content | None = None
    _lines: int = 0
    _names: int = 0
    _seen: set[Path] = field(default_factory=set)
    _paused: float = 0.0
    _clock: int = 1_700_000_000 * 10**9

    def __post_init__(self) -> None:
        """Make the link, which leads nowhere as yet."""
        self.log = self.folder / "train.log"
        if self.is_linked:
            self.log.symlink_to(self._fresh("run"))

    @property
    def target(self) -> Path:
        """Where the writer of the log writes."""
        return self.folder / os.readlink(self.log) if self.is_linked else self.log

    def write(self, count: int, cut: int) -> None:
        """Append lines to the log, which is made when missing, and perhaps the beginning of one."""
        if self.current is None:
            self.current = Content(self.target)
        self.append(self.current, count, cut)

    def append(self, content: Content, count: int, cut: int = 0) -> None:
        """Append lines to a file; a beginning left by the last time becomes a whole line."""
        data = self._rest(content)
        for _ in range(count):
            self._lines += 1
            data += line(self._lines)
        if cut:
            self._lines += 1
            content.begun = self._lines
            content.cuts.append((self._lines, cut))
            data += beginning(self._lines)[:cut]
        self._put(content, data)

    def rename(self, name: str, create: bool) -> None:
        """Move the log's file to a name beside it; a chain moves NAME.1 to NAME.2 first.

        ``stray``: to a name that has nothing of the log's.
        """
        if self.current is None:
            return
        target = self.target
        self._excuse_unseen(self.current)
        if name == ".old-" and not self.current.data and not self.current.is_open:
            self.current.is_excused = True  # an empty file that nobody saw at the log's path
        if name == "stray" and not self.current.is_telling:
            self.current.is_excused = True  # under such a name only its lines could tell it
            self.excused |= set(complete(self.current.data))
        if name == ".1":
            self._shift(target)
        moved = name if name == ".1" else f"{name}{self._number()}"
        moved = moved if name == "stray" else f"{target.name}{moved}"
        self._move(self.current, target.with_name(moved))
        self._retire()
        if create:
            self.write(0, 0)

    def rename_back(self) -> None:
        """Give the file rotated last the log's name again, if that is free."""
        if self.current is None and self.rotated and self.rotated[-1].path:
            self.current = self.rotated.pop()
            self._move(self.current, self.target)

    def swap(self) -> None:
        """Let the link lead to a new file, as glog does for a new process."""
        if not self.is_linked:
            return
        if self.current is not None:
            self._excuse_unseen(self.current)
        fresh = self.folder / ".link"
        fresh.symlink_to(self._fresh("run"))
        fresh.replace(self.log)
        self._retire()

    def copytruncate(self) -> None:
        """Copy the log away and empty it."""
        content = self.current
        if content is None or content.path is None:
            return
        self._excuse_unseen(content)
        if content.cuts and not content.is_telling:  # the emptied file may begin the same way
            self.excused |= set(complete(content.data))
        copy = content.path.with_name(f"{content.path.name}-{self._number()}")
        self._copy(content.path, copy)
        os.truncate(content.path, 0)
        self._touch(content.path)
        self.rotated.append(Content(copy, content.data, cuts=content.cuts, is_copy=True))
        content.data, content.begun, content.is_telling = b"", 0, False

    def truncate(self, arrived: Counter[bytes], count: int) -> None:
        """Empty the log and write lines anew; what has not arrived is gone."""
        content = self.current
        if content is None or content.path is None:
            return
        self._excuse(content, arrived)
        os.truncate(content.path, 0)
        self._touch(content.path)
        content.data, content.begun, content.is_telling = b"", 0, False
        self.append(content, count)

    def replace(self, count: int) -> None:
        """Put a longer version of the log in its place at once."""
        content = self.current
        if content is None or content.path is None:
            return
        fresh = self.folder / f".{content.path.name}.new"
        fresh.write_bytes(content.data)
        self.current = Content(
            fresh, content.data, None, content.begun, content.cuts, is_excused=content.is_excused
        )
        self.append(self.current, count)
        fresh.replace(content.path)
        self.current.path = content.path

    def delete(self, arrived: Counter[bytes], number: int, keeps_writer: bool) -> None:
        """Remove the log, or a rotated file; a reader that holds it open reads on."""
        content = self._pick(number)
        if content is None or content.path is None:
            return
        if not content.is_open:
            self._excuse(content, arrived)
        if keeps_writer:
            content.descriptor = os.open(content.path, os.O_WRONLY | os.O_APPEND)
        content.path.unlink()
        content.path = None
        if content is self.current:
            self._retire()

    def pack(self, arrived: Counter[bytes], number: int) -> None:
        """Compress a rotated file, or unpack it again."""
        if not self.rotated:
            return
        content = self.rotated[number % len(self.rotated)]
        if content.path is None or content is self.current:
            return
        self._excuse(content, arrived)
        self._tear(content)
        self._copy(content.path, content.path.with_name(content.path.name + ".gz"))
        content.path.unlink()
        content.path = None

    def unpack(self) -> None:
        """Bring packed files back beside the log."""
        for packed in self.folder.glob("*.gz"):
            self._copy(packed, packed.with_name(f"{packed.stem}.unpacked-{self._number()}"))

    def copy_by_hand(self, number: int) -> None:
        """Copy a file to a name beside it.

        Of a short copy that is older than the last line read nothing is known after a restart.
        """
        content = self._pick(number)
        if content is not None and content.path is not None and len(content.data) > SAMPLE_SIZE:
            is_told = content.is_known and content.is_telling
            content.is_excused = content.is_excused or not is_told
            name = f"{content.path.name}.copy-{self._number()}"
            self._copy(content.path, content.path.with_name(name))

    def late(self, number: int, count: int, cut: int) -> None:
        """Write on in a rotated file, as a redirect does that never reopens."""
        if not self.rotated:
            return
        content = self.rotated[number % len(self.rotated)]
        if content.is_copy or (content.path is None and content.descriptor is None):
            return
        before = Counter(self.written)
        self.append(content, count, cut)
        if content.path is None and not content.is_open:
            self.excused |= set(self.written - before)

    def looked(self) -> None:
        """Note that the follower has read everything."""
        if self.current is not None:
            self.current.is_open = self.current.is_known = True
            self.current.is_telling = b"\n" in self.current.data
            self._seen.add(self.target)

    def pause(self, seconds: float) -> None:
        """Note that a follower has closed files by now that are silent."""
        self._paused += seconds
        if self.current is not None and seconds > 30:
            self.current.is_silent = True
        for content in self.rotated:
            content.is_open = content.path is None and content.is_open and self._paused < 20_000
            # Of a file without a line nothing is known but its inode, which may be used again.
            content.is_excused = content.is_excused or b"\n" not in content.data

    def closed(self, arrived: Counter[bytes]) -> None:
        """Note that the follower may have closed its files: what has no name is lost to it."""
        for content in [*self.rotated, *([self.current] if self.current else [])]:
            content.is_open = False
            if content.path is None:
                self._excuse(content, arrived)
            elif ".old-" in content.path.name and not content.data:
                content.is_excused = True  # under no name of a rotation, and nothing in it

    def close(self) -> None:
        """End all writers."""
        for content in self.rotated:
            if content.descriptor is not None:
                os.close(content.descriptor)

    def _retire(self) -> None:
        if self.current is not None:
            self.current.was_rotated = True
            self.current.is_open = self.current.is_open and not self.current.is_silent
            self.rotated.append(self.current)
            self.current = None

    def _rest(self, content: Content) -> bytes:
        """Return what completes the file's last line."""
        if not content.begun:
            return b""
        whole, content_begun = line(content.begun), len(content.fragment)
        content.begun = 0
        if content.was_rotated:
            self._tear(content)
        return whole[content_begun:]

    def _tear(self, content: Content) -> None:
        """Note that what was read of a line may have been flushed."""
        for number, cut in content.cuts:
            whole = line(number)[:-1]
            self.torn[whole[cut:]] = whole

    def _put(self, content: Content, data: bytes) -> None:
        before = complete(content.data)
        content.data += data
        content.is_silent = content.is_silent and not data
        fresh = complete(content.data) - before
        self.written += fresh
        # Emptied when nothing but a beginning was read of it, it may go on as if it were that.
        first = data.partition(b"\n")[0]
        for _, cut in () if content.is_telling or content.data != data else content.cuts:
            self.torn[first[cut:]] = first
        if content.is_excused:
            self.excused |= set(fresh)
        if content.path is None:
            assert content.descriptor is not None
            os.write(content.descriptor, data)
            return
        with content.path.open("ab") as file:
            file.write(data)
        self._touch(content.path)

    def _excuse(self, content: Content, arrived: Counter[bytes]) -> None:
        self.excused |= set(complete(content.data) - arrived)

    def _excuse_unseen(self, content: Content) -> None:
        """Excuse a file that loses its name before anybody saw where the link leads by now."""
        if self.is_linked and self.target not in self._seen:
            content.is_excused = True
            self.excused |= set(complete(content.data))

    def _pick(self, number: int) -> Content | None:
        contents = [*self.rotated, *([self.current] if self.current else [])]
        return contents[number % len(contents)] if contents else None

    def _shift(self, target: Path) -> None:
        numbered = {}
        for content in self.rotated:
            base, _, ending = content.path.name.rpartition(".") if content.path else ("", "", "")
            if base == target.name and ending.isdigit():
                numbered[int(ending)] = content
        for number in sorted(numbered, reverse=True):
            self._move(numbered[number], target.with_name(f"{target.name}.{number + 1}"))

    def _move(self, content: Content, path: Path) -> None:
        assert content.path is not None
        content.path.rename(path)
        content.path = path

    def _copy(self, path: Path, copy: Path) -> None:
        shutil.copyfile(path, copy)
        self._touch(copy)

    def _touch(self, path: Path) -> None:
        self._clock += 10**7
        os.utime(path, ns=(self._clock, self._clock))

    def _fresh(self, name: str) -> str:
        return f"{name}{self._number()}.log"

    def _number(self) -> int:
        self._names += 1
        return 20261100 + self._names


def line(number: int) -> bytes:
    """Return a line that tells its number twice, so that its end alone does too."""
    return beginning(number) + b"%d\n" % number


def beginning(number: int) -> bytes:
    """Return a line as far as it may be cut."""
    return b"I1123 %d line " % number


def complete(*contents: bytes) -> Counter[bytes]:
    """Count the complete lines."""
    found: Counter[bytes] = Counter()
    for content in contents:
        found.update(content.split(b"\n")[:-1])
    return found
