"""What the pages under test show."""

from __future__ import annotations

from tests.logs import CaffeLog
from tests.web.sights import HOSTILE

LONG = "/data/trainings/with/a/path/that/is_longer_than_any_phone_is_wide_0123456789/train.log"


def runs(iteration: int, bad: bool = True) -> dict[tuple[str, str], CaffeLog]:
    """Write the logs by (job, path), up to an iteration; one turns nan there, if ``bad``."""
    return {
        ("mnist", LONG): _run(iteration, bad),
        ("mnist", f"/data/{HOSTILE}.log"): _run(iteration, bad=False),
        ("resnet", "/data/resnet.log"): _run(iteration, bad=False),
    }


def _run(iteration: int, bad: bool) -> CaffeLog:
    log = CaffeLog.started()
    for number in range(0, iteration, 10):
        log.display(number, loss=2.0 - number / 1000)
    log.snapshot(iteration - 10)
    log.test(iteration, outputs={"accuracy": 0.5})
    log.display(iteration, {"d ip1.0": "nan"} if bad else {}, loss="nan" if bad else 1.5)
    return log
