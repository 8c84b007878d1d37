"""caffewatch: watches Caffe training logs and tells people what broke, where, and what to do.

For notebooks and other programs: `check` judges a log, `follow` goes on with one that grows, and
`Monitor` takes bytes. Importing the package loads none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caffewatch.detect.finding import Finding
    from caffewatch.monitor import Monitor
    from caffewatch.report.result import Report, check
    from caffewatch.service.follow import follow

__all__ = ["Finding", "Monitor", "Report", "check", "follow"]

_HOMES = {
    "Finding": "caffewatch.detect.finding",
    "Monitor": "caffewatch.monitor",
    "Report": "caffewatch.report.result",
    "check": "caffewatch.report.result",
    "follow": "caffewatch.service.follow",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
