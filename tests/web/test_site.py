from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

import pytest

from caffewatch.draw.block import BlockLine, BlockWords
from caffewatch.draw.heat import Heat
from caffewatch.draw.run_page import maps
from caffewatch.history.frozen import RunHistory
from caffewatch.web import site
from caffewatch.web.routes import Routes
from caffewatch.web.sight import Past
from tests.logs import CaffeLog, Layer, inner_product
from tests.web.sights import HOSTILE, Page, ask, daemon, exploding, fleet, get


class TestIndex:
    def test_loud_things_come_first(self) -> None:
        """The alert with its advice stands before the jobs."""
        page = get(daemon(exploding()), "/").text

        assert page.index('class="card fault critical"') < page.index('class="card job"')
        assert "Firing now: 1" in Page(page).text

    def test_jobs_in_trouble_come_first(self) -> None:
        """Each log says how many alerts it has; one that has none comes behind."""
        well = CaffeLog.started()
        well.displays(range(0, 50, 10))
        logs = {("well", "/logs/a"): well, ("ill", "/logs/b"): exploding()}
        text = " ".join(Page(get(fleet(("well", "ill"), logs), "/").data).text.split())

        assert "Jobs ill 1 alert running /logs/b" in text
        assert text.index("/logs/b") < text.index("well running /logs/a")

    def test_the_logs_are_counted(self) -> None:
        """However many alerts there are, one look tells how all logs are, and a link goes there."""
        logs = {("a", "/logs/a"): exploding(), ("b", "/logs/b"): CaffeLog.started()}
        body = get(fleet(("a", "b", "c"), logs), "/").text

        assert "2 running, 1 absent · to the jobs" in Page(body).text
        assert 'href="#jobs-title"' in body

    def test_many_alerts_are_short(self) -> None:
        """Advice of more than three is folded away; each says since when, and where in a job."""
        logs = {("a", f"/logs/{n}"): exploding() for n in range(4)}
        few = get(fleet(("a",), dict([*logs.items()][:3])), "/").text
        many = get(fleet(("a",), logs), "/").text

        assert (few.count("What to do"), many.count("What to do")) == (0, 4)
        assert len(re.findall(r"Firing since .* · log /logs/\d", Page(many).text)) == 4
        assert 'job <a href="jobs/a?log=%2Flogs%2F3">a</a>' in many

    def test_a_job_in_figures(self) -> None:
        """Iteration, time left, loss, speed and a small curve."""
        log = CaffeLog.started()
        log.displays(range(0, 50, 10))
        page = Page(get(daemon(log), "/").data)

        assert "of 1\u202f000" in page.text
        assert "Nothing fires" in page.text
        assert {"progress", "svg"} <= set(page.tags)

    def test_since_when(self) -> None:
        """Every alert says when it began to fire, for people and for programs."""
        body = get(daemon(exploding()), "/").text

        assert re.search(r'<time datetime="1970-01-01T00:00Z"[^>]*>1970-01-01 00:00 UTC<', body)

    def test_no_log(self) -> None:
        """A job that has none is shown as well."""
        assert "No log at the job's path yet." in Page(get(daemon(None), "/").data).text


class TestJob:
    def test_curves_and_map(self) -> None:
        """Pictures, each with a table behind it, marks, findings and the last block."""
        page = Page(get(daemon(exploding()), "/jobs/mnist").data)

        assert {
            "log0-chart-loss",
            "log0-chart-lr",
            "log0-chart-speed",
            "log0-map-gradient",
        } <= page.ids
        assert {"log0-table-loss", "log0-rows-gradient", "block-0", "events-0"} <= page.ids
        assert "Findings of this run" in page.text

    def test_nan_stands_out(self) -> None:
        """Its layer is written in red beside the map, and it is a stroke in the curve."""
        page = get(daemon(exploding()), "/jobs/mnist").text

        assert 'class="bad">ip1<' in page
        assert 'class="odd" d="M' in page

    def test_pictures_are_drawn_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever looks again at a log that stands still has them drawn by nobody."""
        drawn: list[int] = []

        def counted(run: RunHistory) -> list[Heat]:
            drawn.append(run.ordinal)
            return maps(run)

        monkeypatch.setattr(site, "maps", counted)
        routes = daemon(exploding())

        pages = [get(routes, "/jobs/mnist", query).data for query in ("", "", "scale=linear")]
        get(daemon(exploding()), "/jobs/mnist")

        assert pages[0] == pages[1]
        assert drawn == [1, 1, 1]

    @pytest.mark.parametrize("scale", ["log", "linear", "auto", "<b>"])
    def test_scale(self, scale: str) -> None:
        """The scale is the reader's to choose, and anything else is the usual one."""
        page = Page(get(daemon(exploding()), "/jobs/mnist", f"scale={scale}").data)

        assert "log0-chart-loss" in page.ids

    @pytest.mark.parametrize(
        ("mark", "said"), [("look", "Here are those"), ("", "None stands out")]
    )
    def test_a_large_block(self, mark: str, said: str) -> None:
        """What stands out is told, and a link leads to the rest."""
        routes = daemon(exploding())
        past = routes.sight.past("mnist", "/logs/train.log")
        assert past is not None
        line = BlockLine("forward", "plain", 1.0, "what", "normal", "", "")
        block = BlockWords(10, "Well.", (*(line for _ in range(150)), replace(line, mark=mark)))
        large = replace(past, block=block)
        routes = replace(routes, sight=replace(routes.sight, past=lambda *_: large))

        short = get(routes, "/jobs/mnist").text
        assert said in short
        assert short.count('role="rowheader"') == bool(mark)
        assert '<a href="?block=all#block-0">All 151 lines</a>' in short
        whole = get(routes, "/jobs/mnist", "block=all").text
        assert whole.count('role="rowheader"') == 151
        assert '<details id="block-0" class="card" open>' in whole
        assert "stand out" not in whole

    def test_nothing_yet(self) -> None:
        """A run that has not begun is not told to set debug_info, and has no key of marks."""
        body = get(daemon(CaffeLog.started()), "/jobs/mnist").text

        assert "none yet" in body
        assert "debug_info: true" not in body
        assert "Marks:" not in body

    def test_no_run_yet(self) -> None:
        """A log that is no Caffe log says so."""
        log = CaffeLog()
        log.raw("hello")

        assert "No Caffe run" in Page(get(daemon(log), "/jobs/mnist").data).text


class TestManyLogs:
    @pytest.fixture
    def routes(self) -> Routes:
        """Return a daemon that follows twenty logs of one job; the ninth is ill."""
        logs = {("many", f"/logs/{n}&.log"): CaffeLog.started() for n in range(20)}
        for log in logs.values():
            log.displays((0, 10))
        logs["many", "/logs/8&.log"] = exploding()
        return fleet(("many",), logs)

    def test_some_have_cards(self, routes: Routes) -> None:
        """The ill one is first, and how many are left out is told."""
        page = get(routes, "/").text

        assert page.count('class="card job"') == 12
        assert page.index("/logs/8&amp;.log") < page.index("/logs/19&amp;.log")
        assert "8 more logs of many" in Page(page).text

    def test_few_are_drawn(self, routes: Routes) -> None:
        """The ill one and the last two; the others have a line and a link each."""
        body = get(routes, "/jobs/many").text
        page = Page(body)

        drawn = re.findall(r'class="path">/logs/(\d+)', body)
        assert drawn == ["8", "19", "18"]
        assert "Other logs of this job: 17" in page.text

    def test_one_is_chosen(self, routes: Routes) -> None:
        """It alone is drawn, with its own alerts; the scale's links keep it."""
        body = get(routes, "/jobs/many", "log=%2Flogs%2F11%26.log&scale=log").text
        page = Page(body)

        assert 'class="path">/logs/11&amp;.log' in body
        assert "log-11" in page.ids
        assert "log-19" not in page.ids
        assert "Firing now" not in page.text
        assert 'href="?log=%2Flogs%2F11%26.log&amp;scale=linear"' in body
        assert 'href="?log=%2Flogs%2F11%26.log"' in body
        assert '<a href="../jobs/many?log=%2Flogs%2F8%26.log">' in body

    def test_one_that_is_not_there(self, routes: Routes) -> None:
        """Neither is any file behind it read."""
        assert get(routes, "/jobs/many", "log=/etc/passwd").status_code == HTTPStatus.NOT_FOUND


class TestRuns:
    @pytest.fixture
    def log(self) -> CaffeLog:
        """Write a log of three runs; the second goes on from the first one's snapshot."""
        log = exploding()
        log.set_up()
        log.say("Resuming from mlp_iter_90.solverstate", "caffe.cpp:241")
        log.displays(range(90, 200, 10))
        log.set_up()
        log.displays((0, 10))
        return log

    def test_each_can_be_chosen(self, log: CaffeLog) -> None:
        """The newest is shown, and links without a script lead to those before."""
        routes = daemon(log)
        newest = get(routes, "/jobs/mnist").text
        nav = newest[newest.index('aria-label="Runs of this log"') :].split("</nav>")[0]

        assert re.findall(r'href="([^"]*)"( aria-current="true")?>(run \d)', nav) == [
            ("?run=1", "", "run 1"),
            ("?run=2", "", "run 2"),
            ("?", ' aria-current="true"', "run 3"),
        ]
        assert "An earlier run" not in newest

        second = get(routes, "/jobs/mnist", "run=2").text
        assert "An earlier run; there is a newer one. Run 2" in Page(second).text
        assert 'class="mark resumed"' in second
        assert 'href="?run=2&amp;scale=linear"' in second
        assert "block-0" not in Page(second).ids

    def test_of_several_logs(self, log: CaffeLog) -> None:
        """A run is one of a log, which the links name; the job's last one where none is named."""
        routes = fleet(("a",), {("a", "/logs/x"): log, ("a", "/logs/y"): log})

        assert 'href="?log=%2Flogs%2Fx&amp;run=1"' in get(routes, "/jobs/a").text
        body = get(routes, "/jobs/a", "run=1").text
        assert re.findall(r'class="path">(\S+)', body) == ["/logs/y"]
        assert 'href="?log=%2Flogs%2Fy&amp;run=1" aria-current="true"' in body

    def test_of_an_earlier_file(self, log: CaffeLog) -> None:
        """Runs that have the number of a later one go by their id."""
        routes = daemon(log)
        past = routes.sight.past("mnist", "/logs/train.log")
        assert past is not None
        newer = past.history.runs[2]
        runs = (*past.history.runs, replace(newer, ordinal=1, id="abc"))
        later = Past(replace(past.history, runs=runs), None)
        routes = replace(routes, sight=replace(routes.sight, past=lambda *_: later))

        newest = get(routes, "/jobs/mnist").text
        link = f'href="?run={runs[0].id}">run 1 of an earlier file</a>'
        assert link in newest
        assert 'href="?run=2">run 2</a>' in newest
        assert (
            link.replace('">', '" aria-current="true">')
            in get(routes, "/jobs/mnist", f"run={runs[0].id}").text
        )
        assert get(routes, "/jobs/mnist", "run=1").text.count("An earlier run") == 0
        series = get(routes, "/api/v1/jobs/mnist/series", f"run={runs[0].id}")
        assert json.loads(series.data)["id"] == runs[0].id

    def test_a_single_run(self) -> None:
        """There is nothing to choose."""
        assert "Runs of this log" not in get(daemon(exploding()), "/jobs/mnist").text

    @pytest.mark.parametrize("wanted", ["4", "0", "x", ""])
    def test_one_that_is_not_there(self, wanted: str, log: CaffeLog) -> None:
        """Those that are remembered are told."""
        response = get(daemon(log), "/jobs/mnist", f"run={wanted}")

        assert response.status_code == HTTPStatus.NOT_FOUND
        assert response.text == "no such run; remembered are: 1, 2, 3\n"


class TestSafety:
    @pytest.mark.parametrize("path", ["/", f"/jobs/{quote(HOSTILE, safe='')}"])
    def test_hostile_names(self, path: str) -> None:
        """Whatever a job, a log or a layer is called, it stays text."""
        evil = '"><script>x()</script>'
        log = CaffeLog.started(layers=(Layer(evil, "Data", (), ("data",)),
                                       inner_product("<b>fc", "data", 1, 1)))  # fmt: skip
        log.displays((0, 10))
        log.display(20, loss="nan")
        routes = daemon(log, job=HOSTILE, path=f"/logs/{HOSTILE}")
        body = get(routes, path).data

        page = Page(body)

        assert page.tags.count("script") == 1
        assert "b" not in page.tags or b"<b>fc" not in body
        assert "\u202e" not in body.decode()
        assert "{{7*7}}" in page.text

    @pytest.mark.parametrize("path", ["/", "/jobs/mnist"])
    def test_policy(self, path: str) -> None:
        """Nothing but our own style and script is loaded, and nothing inline runs."""
        response = get(daemon(exploding()), path)
        policy = response.headers["Content-Security-Policy"]

        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert {x.removeprefix("../") for x in Page(response.data).resources} == {
            "data:,", "static/style.css", "static/page.js",
        }  # fmt: skip

    @pytest.mark.parametrize("path", ["/", "/jobs/mnist", "/api/v1/jobs", "/static/style.css"])
    def test_only_reading(self, path: str) -> None:
        """Nothing can be changed, and what is known already is not sent again."""
        routes = daemon(exploding())
        tag = get(routes, path).headers["ETag"]

        posted = ask(routes, path, "POST")

        assert posted.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert get(routes, path, if_none_match=tag).status_code == HTTPStatus.NOT_MODIFIED

    @pytest.mark.parametrize("path", ["/jobs/", "/jobs/other", "/static/../x", "/static/pages.py"])
    def test_what_is_not_there(self, path: str) -> None:
        """No path leads to files or to jobs that nobody configured."""
        assert get(daemon(exploding()), path).status_code == HTTPStatus.NOT_FOUND
