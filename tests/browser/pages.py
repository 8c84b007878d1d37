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
        ("resnet", "/data/resnet.log"): _resumed(iteration),
    }


def _run(iteration: int, bad: bool) -> CaffeLog:
    log = CaffeLog.started()
    for number in range(0, iteration, 10):
        log.display(number, loss=2.0 - number / 1000)
    log.snapshot(iteration - 10)
    log.test(iteration, outputs={"accuracy": 0.5})
    log.display(iteration, {"d ip1.0": "nan"} if bad else {}, loss="nan" if bad else 1.5)
    return log


def _resumed(iteration: int) -> CaffeLog:
    """Write a run that crashed, and the one that went on from its snapshot."""
    log = CaffeLog.started()
    log.displays(range(0, 60, 10))
    log.snapshot(50)
    log.fatal()
    log.set_up()
    log.say("Resuming from net_iter_50.solverstate", "caffe.cpp:241")
    for number in range(50, iteration, 10):
        log.display(number, loss=2.0 - number / 1000)
    log.display(iteration, loss=1.5)
    return log
