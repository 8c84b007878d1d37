"""How things stand in one line, for ``systemctl status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def status_line(jobs: int, logs: int, firing: Iterable[str], reload_ok: bool) -> str:
    """Say what is followed and what fires.

    Parameters
    ----------
    logs
        How many have said anything.
    firing
        The severity of every alert that fires; those of severity info are not counted.
    reload_ok
        Whether the configuration in force is the one in the file.
    """
    counts = Counter(firing)
    loud = counts["warning"] + counts["critical"]
    critical = f" ({counts['critical']} critical)" if counts["critical"] else ""
    alerts = f"{_counted(loud, 'alert')} firing{critical}" if loud else "no alert firing"
    line = f"{_counted(jobs, 'job')}, {_counted(logs, 'log')}, {alerts}"
    return line if reload_ok else f"{line}; the changed configuration is bad, not in force"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
