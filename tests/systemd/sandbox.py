"""Runs a command under what a unit file forbids, as far as the kernel alone can do it.

There is no systemd that starts services where tests run. This applies the unit's system call
filter, MemoryDenyWriteExecute, RestrictAddressFamilies and NoNewPrivileges as seccomp filters, by
the same library that systemd uses.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from errno import EAFNOSUPPORT, EPERM
from pathlib import Path

LIBRARY = "libseccomp.so.2"

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EQUAL, _GREATER, _MASKED_EQUAL = 4, 6, 7
_SHM_EXEC = 0o100000
_LAST_FAMILY = 64
_NO_NEW_PRIVS = 38


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


class Filter:
    """One seccomp filter: rules that differ from a default."""

    def __init__(self, default: int) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._filter = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(default)))

    def add(self, action: int, call: str, *comparisons: tuple[int, int, int, int]) -> None:
        """Do something else with a call, or with one whose arguments compare so."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:  # of another architecture
            return
        array = (_Comparison * len(comparisons))(*(_Comparison(*x) for x in comparisons))
        done = self._library.seccomp_rule_add_array(
            self._filter, ctypes.c_uint32(action), number, len(array), array
        )
        if done != 0:
            raise OSError(-done, f"no rule for {call}")

    def load(self) -> None:
        """Put it into force, for this process and all that it begins."""
        done = self._library.seccomp_load(self._filter)
        if done != 0:
            raise OSError(-done, "the kernel takes no filter")


def read(unit: Path) -> dict[str, str]:
    """Read a unit's [Service]; of a key that is there several times, all values, a line each."""
    service = unit.read_text().partition("[Service]\n")[2].partition("\n[")[0]
    settings: dict[str, str] = {}
    for line in service.splitlines():
        key, assigned, value = line.partition("=")
        if assigned and not key.startswith("#"):
            settings[key] = f"{settings[key]}\n{value}" if key in settings else value
    return settings


def allowed_calls(lines: Iterable[str]) -> set[str]:
    """Return the system calls that SystemCallFilter= lines allow."""
    sets = _sets()
    allowed: set[str] = set()
    for line in lines:
        calls = set().union(*(_expanded(name, sets) for name in line.lstrip("~").split()))
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


def _sets() -> dict[str, set[str]]:
    listed = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"],
        capture_output=True,
        text=True,
        check=True,
    )
    sets: dict[str, set[str]] = {}
    name = ""
    for line in listed.stdout.splitlines():
        if line.startswith("@"):
            name = line
        elif name and line.startswith("    ") and not line.strip().startswith("#"):
            sets.setdefault(name, set()).add(line.strip())
    return sets


def _expanded(name: str, sets: dict[str, set[str]]) -> set[str]:
    if not name.startswith("@"):
        return {name}
    return set().union(*(_expanded(inner, sets) for inner in sets[name]))


def _filters(unit: Path) -> list[Filter]:
    service = read(unit)
    calls = Filter(_ERRNO | EPERM)
    for name in sorted(allowed_calls(service["SystemCallFilter"].splitlines())):
        calls.add(_ALLOW, name)
    memory = Filter(_ALLOW)
    if service["MemoryDenyWriteExecute"] == "true":
        both = mmap.PROT_WRITE | mmap.PROT_EXEC
        memory.add(_ERRNO | EPERM, "mmap", (2, _MASKED_EQUAL, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            memory.add(_ERRNO | EPERM, name, (2, _MASKED_EQUAL, mmap.PROT_EXEC, mmap.PROT_EXEC))
        memory.add(_ERRNO | EPERM, "shmat", (2, _MASKED_EQUAL, _SHM_EXEC, _SHM_EXEC))
    families = {getattr(socket, name) for name in service["RestrictAddressFamilies"].split()}
    sockets = Filter(_ALLOW)
    for family in set(range(_LAST_FAMILY)) - families:
        sockets.add(_ERRNO | EAFNOSUPPORT, "socket", (0, _EQUAL, family, 0))
    sockets.add(_ERRNO | EAFNOSUPPORT, "socket", (0, _GREATER, _LAST_FAMILY - 1, 0))
    return [sockets, memory, calls]


def main() -> None:
    """Run ``sandbox.py UNIT COMMAND…``."""
    unit, command = Path(sys.argv[1]), sys.argv[2:]
    filters = _filters(unit)
    if ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError("no_new_privs is refused")
    for one in filters:
        one.load()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
