from __future__ import annotations

import dataclasses
import socket
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from caffewatch.alert.matchers import Matcher
from caffewatch.config import ConfigError, Settings, load
from caffewatch.config.settings import Alerts, Metrics, Tail, Web
from caffewatch.config.types import Address
from caffewatch.deliver.email import EmailSettings
from caffewatch.deliver.heartbeat import HeartbeatSettings
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.slack import SlackSettings
from caffewatch.deliver.webhook import WebhookSettings
from tests.config.fake_rules import FAKE_RULES, FakeGradient, FakeStall

CASES = Path(__file__).parent / "cases"


@pytest.fixture
def full(environ: Mapping[str, str]) -> Settings:
    """Load a file that says everything."""
    return load(CASES / "good_full.yaml", environ, FAKE_RULES)


@pytest.fixture
def minimal() -> Settings:
    """Load a file with one job and nothing else."""
    return load(CASES / "good_minimal.yaml", {}, FAKE_RULES)


class TestFullFile:
    def test_sections(self, full: Settings) -> None:
        """Every section has what was written, in seconds and other base units."""
        expected = (
            Web(Address("::1", 0)),
            Tail(events=False, poll_interval=0.25),
            Alerts(group_wait=5.0, repeat_interval=3600.0),
            Metrics(blobs=True, retire_after=300.0, max_series_per_log=10),
        )

        assert (full.web, full.tail, full.alerts, full.metrics) == expected

    def test_top_level(self, full: Settings) -> None:
        """A text stays the text that was written, also where YAML would see a number."""
        expected = ("007", "https://watch.example/", CASES / "state", 86400.0)

        assert (full.host, full.external_url, full.state_dir, full.ignore_older) == expected
        assert full.timezone == ZoneInfo("Europe/Berlin")

    def test_jobs(self, full: Settings) -> None:
        """A relative path starts at the file's folder; receivers are all by default."""
        first, second = full.jobs

        assert (first.path, first.start_at) == (str(CASES / "logs/*.log"), "end")
        assert first.labels == {"team": "vision", "cost_centre": "0042"}
        assert first.receivers == ("slack-vision",)
        assert first.events == ("finished", "resumed")
        assert (second.path, second.receivers) == ("/data/lenet.log", ("slack-vision", "hook"))

    def test_receivers(self, full: Settings) -> None:
        """Secrets come from systemd's credentials and from the environment."""
        slack = SlackSettings(
            name="slack-vision",
            url=Secret("https://hooks.slack.example/services/T0/B0/hunter2"),
            min_severity="critical",
            send_events=("finished", "resumed"),
        )
        hook = WebhookSettings(
            name="hook",
            url=Secret("http://127.0.0.1:9000/hunter2-token"),
            secret=Secret("hunter2-key"),
            send_resolved=False,
            matchers=(Matcher("team", "=", "vision"), Matcher("layer", "=~", "conv.*")),
        )

        assert full.receivers == (slack, hook)

    def test_no_secret_is_printed(self, full: Settings) -> None:
        """The settings can be logged."""
        assert "hunter2" not in f"{full} {full!r}"

    def test_settings_are_frozen(self, full: Settings) -> None:
        """Nobody changes what was configured."""
        with pytest.raises(dataclasses.FrozenInstanceError):
            full.tail.events = True  # type: ignore[misc] # what is under test


class TestTemplates:
    def test_of_a_receiver_and_of_links(self, environ: Mapping[str, str]) -> None:
        """They are taken as they are written, after they were tried out."""
        settings = load(CASES / "good_templates.yaml", environ, FAKE_RULES)
        (slack,) = settings.receivers

        assert isinstance(slack, SlackSettings)
        assert slack.title == "{{ worst.headline }} ({{ worst.labels.team }})"
        assert slack.text.startswith("{% for alert in alerts %}\n")
        assert settings.site == Site(
            docs_url="https://docs.example/rules.html",
            grafana_url="https://grafana.example/d/x?var-job={{ job }}&var-log={{ log }}"
            "&from={{ from }}&to={{ to }}",
        )


class TestEmail:
    def test_everything(self, environ: Mapping[str, str]) -> None:
        """``from`` and ``to`` are the words that people know."""
        settings = load(CASES / "good_email.yaml", environ, FAKE_RULES)

        expected = EmailSettings(
            name="mail",
            host="smtp.example.org",
            port=2525,
            security="tls",
            ca_file=f"{environ['CREDENTIALS_DIRECTORY']}/ca.pem",
            username="me",
            password=Secret("hunter2-token"),
            sender="Caffewatch <watch@example.org>",
            recipients=("ops@example.org",),
            html="<p>{{ worst.summary }}</p>",
        )

        assert settings.receivers == (expected,)


class TestHeartbeat:
    def test_everything(self, environ: Mapping[str, str]) -> None:
        """It is reached as receivers are."""
        settings = load(CASES / "good_heartbeat.yaml", environ, FAKE_RULES)

        assert settings.heartbeat == HeartbeatSettings(
            url=Secret("https://hooks.slack.example/services/T0/B0/hunter2"),
            interval=120.0,
            method="POST",
            ca_file=f"{environ['CREDENTIALS_DIRECTORY']}/ca.pem",
        )

    def test_none(self, minimal: Settings) -> None:
        """It is not needed."""
        assert minimal.heartbeat is None


class TestTransport:
    def test_how_a_server_is_reached(self, environ: Mapping[str, str]) -> None:
        """Proxy, certificates, authentication and headers, with secrets out of the environment."""
        settings = load(CASES / "good_http.yaml", environ, FAKE_RULES)
        folder = environ["CREDENTIALS_DIRECTORY"]

        expected = WebhookSettings(
            name="hook",
            url=Secret("https://127.0.0.1:9000/"),
            proxy=Secret("http://me:hunter2-token@proxy.example:3128"),
            ca_file=f"{folder}/ca.pem",
            cert_file=f"{folder}/client.pem",
            key_file=f"{folder}/client.key",
            username="me",
            password=Secret("hunter2-token"),
            headers=Secret("X-Scope-OrgID: team-1"),
        )

        assert settings.receivers == (expected,)


class TestMinimalFile:
    def test_defaults(self, minimal: Settings) -> None:
        """One job is enough, and the machine's name is the host."""
        expected = Settings(host=socket.gethostname(), jobs=minimal.jobs)

        assert minimal == expected

    def test_default_of_every_rule(self, minimal: Settings) -> None:
        """Without a word about rules, every rule has its own defaults and no layer its own."""
        rules = minimal.jobs[0].rules

        assert dict(rules.parameters) == {k: v.Parameters() for k, v in FAKE_RULES.items()}
        assert rules.layers == {}


class TestRules:
    def test_a_job_overrides_the_top(self, full: Settings) -> None:
        """What the job does not say stays as the top says, and the rest at its default."""
        first, second = (job.rules.parameters["zero_gradient"] for job in full.jobs)

        assert first == FakeGradient(severity="info", passes=7)
        assert second == FakeGradient(severity="info")

    def test_layers_lie_over_the_final_parameters(self, full: Settings) -> None:
        """Overrides of one glob are laid over each other, in the order of the file."""
        fc, conv1 = full.jobs[0].rules.layers["zero_gradient"]

        assert fc == ("fc*", FakeGradient(severity="critical", passes=10))
        assert conv1 == (
            "conv1",
            FakeGradient(enabled=False, severity="info", passes=7),
        )

    def test_a_glob_of_the_job_comes_last(self, tmp_path: Path) -> None:
        """The last glob that matches wins, so one that a job repeats goes behind the others."""
        path = tmp_path / "c.yaml"
        path.write_text(
            "rules: {zero_gradient: {layers: {'fc*': {passes: 2}, '*': {passes: 3}}}}\n"
            "jobs:\n"
            "  - {name: a, path: /a, rules: {zero_gradient: {layers: {'fc*': {enabled: false}}}}}\n"
        )

        settings = load(path, {}, FAKE_RULES)

        assert settings.jobs[0].rules.layers["zero_gradient"] == (
            ("*", FakeGradient(passes=3)),
            ("fc*", FakeGradient(passes=2, enabled=False)),
        )

    def test_a_parameter_in_seconds_is_a_duration(self, full: Settings) -> None:
        """A rule's time is written as any other duration, and 1e2 is a number."""
        stall = full.jobs[0].rules.parameters["stall"]

        assert stall == FakeStall(silence=2700.0, ratio=100.0)

    def test_an_alias_is_its_anchor(self) -> None:
        """YAML's own way to say something once is there."""
        settings = load(CASES / "good_aliases.yaml", {}, FAKE_RULES)

        assert settings.jobs[0].rules.parameters["zero_gradient"] == FakeGradient(passes=50)


class TestRealRules:
    def test_a_rule_of_the_run_knows_no_layers(self, tmp_path: Path) -> None:
        """An override that could do nothing is an error."""
        file = tmp_path / "caffewatch.yaml"
        file.write_text(
            "jobs: [{name: a, path: a.log}]\n"
            "rules:\n"
            "  zero_gradient: {layers: {'fc*': {passes: 10}}}\n"
            "  loss_spike: {layers: {'fc*': {factor: 10}}}\n"
        )

        with pytest.raises(ConfigError) as caught:
            load(file, {})

        assert [(x.line, x.key) for x in caught.value.errors] == [(4, "rules.loss_spike.layers")]


class TestUnreadableFile:
    def test_missing(self, tmp_path: Path) -> None:
        """A file that is not there is a problem without a line."""
        path = tmp_path / "none.yaml"

        with pytest.raises(ConfigError) as raised:
            load(path, {}, FAKE_RULES)

        assert str(raised.value) == f"{path}: cannot read: No such file or directory"

    def test_no_utf8(self, tmp_path: Path) -> None:
        """A file in another encoding is said to be one."""
        path = tmp_path / "latin1.yaml"
        path.write_bytes(b"host: b\xfcro\n")

        with pytest.raises(ConfigError, match="expected UTF-8 text"):
            load(path, {}, FAKE_RULES)

    def test_missing_secret_file(self, tmp_path: Path) -> None:
        """Without systemd's credentials a relative secret lies beside the file."""
        path = tmp_path / "c.yaml"
        path.write_text(
            "jobs: [{name: a, path: /a}]\nreceivers:\n  - {name: s, type: slack, url_file: nope}\n"
        )

        with pytest.raises(ConfigError) as raised:
            load(path, {}, FAKE_RULES)

        problem = raised.value.errors[0]
        assert (problem.line, problem.key) == (3, "receivers[0].url_file")
        assert problem.message == f"cannot read {tmp_path / 'nope'}: No such file or directory"
