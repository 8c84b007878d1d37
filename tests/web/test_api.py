from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest

from tests.logs import CaffeLog
from tests.web.sights import daemon, exploding, get

SERIES = "/api/v1/jobs/mnist/series"


def ask(path: str, query: str = "", log: CaffeLog | None = None) -> Any:
    """Ask a daemon that follows an exploding run; nothing in its answer may be nan."""
    response = get(daemon(log or exploding()), path, query)
    assert response.content_type == "application/json"
    return json.loads(response.data, parse_constant=pytest.fail)


def curve(answer: Any, name: str) -> Any:
    """Return the buckets of one of the training net's curves."""
    found = [
        x for x in answer["series"] if (x["net"], x["name"], x["index"]) == ("train", name, None)
    ]
    return found[0]["buckets"]


class TestJobs:
    def test_a_run(self) -> None:
        """Where it stands; what is not finite is text."""
        (job,) = ask("/api/v1/jobs")["jobs"]
        run = job["logs"][0]["run"]

        assert (job["name"], job["logs"][0]["log"]) == ("mnist", "/logs/train.log")
        assert (run["iteration"], run["loss"], run["state"]) == (100, "nan", "running")
        assert run["seconds_left"] == pytest.approx(900 / run["iterations_per_second"])

    def test_a_job_without_a_log(self) -> None:
        """It is listed all the same."""
        answer = json.loads(get(daemon(None), "/api/v1/jobs").data)

        assert answer == {"jobs": [{"name": "mnist", "logs": []}]}


class TestAlerts:
    def test_firing(self) -> None:
        """Each with its labels and what to do."""
        alert = ask("/api/v1/alerts")["alerts"][0]

        assert (alert["rule"], alert["severity"]) == ("non_finite", "critical")
        assert alert["annotations"]["advice"]


class TestSeries:
    def test_all_of_a_run(self) -> None:
        """Curves with nan kept, and marks."""
        answer = ask(SERIES)

        assert curve(answer, "loss")[-1] == {
            "first": 100, "last": 100, "min": None, "max": None, "not_finite": ["nan"],
        }  # fmt: skip
        assert {"snapshot", "alert"} <= {x["kind"] for x in answer["marks"]}

    def test_a_part_in_few_points(self) -> None:
        """From and to choose, and points bounds how many come; extremes are kept."""
        loss = curve(ask(SERIES, "from=20&to=50&points=2"), "loss")

        assert [(x["first"], x["last"]) for x in loss] == [(20, 30), (40, 50)]
        assert (loss[0]["min"], loss[0]["max"]) == (1.7, 1.8)

    @pytest.mark.parametrize(
        "query",
        ["points=0", "points=2001", "points=", "from=-1", "to=x", "to=" + "9" * 400,
         "log=/etc/passwd", "pionts=3", "&".join(f"a{n}=1" for n in range(50))],
    )  # fmt: skip
    def test_wrong_queries(self, query: str) -> None:
        """They are told what was wrong."""
        response = get(daemon(exploding()), SERIES, query)

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert json.loads(response.data)["error"]

    def test_what_is_not_there(self) -> None:
        """Neither a run that never was nor a job without logs has curves."""
        no_run = get(daemon(exploding()), SERIES, "run=7")
        assert get(daemon(exploding()), SERIES, "run=1.5").status_code == HTTPStatus.NOT_FOUND
        no_log = get(daemon(None), SERIES)
        no_job = get(daemon(None), "/api/v1/jobs/other/series")

        assert {no_run.status_code, no_log.status_code, no_job.status_code} == {
            HTTPStatus.NOT_FOUND
        }
        assert "remembered are: 1" in no_run.text
        assert json.loads(no_job.data) == {"error": "no job 'other'; /api/v1/jobs lists them"}

    def test_a_name_with_a_slash(self) -> None:
        """A job's name is quoted in the path."""
        routes = daemon(exploding(), job="a/b ü")

        assert (
            get(routes, f"/api/v1/jobs/{quote('a/b ü', safe='')}/series").status_code
            == HTTPStatus.OK
        )
