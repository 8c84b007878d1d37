"""What a template may know of a message: plain texts, fit to be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from caffewatch.alert.model import SEVERITIES, Alert
from caffewatch.alert.notification import Notification
from caffewatch.alert.occasions import PREFIX, TITLES, duration
from caffewatch.deliver.site import Site
from caffewatch.deliver.text import one_line
from caffewatch.detect.registry import RULES

SHOWN_ALERTS = 20
"""The rest of a burst is counted and named."""

Clean = Callable[[str, int], str]
"""Makes a text of a log fit for one medium, on one line of at most so many characters."""

_NAME_LIMIT = 80
_LINE_LIMIT = 600
_SIGNS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}


class Fact(NamedTuple):
    """One line of a message."""

    title: str
    text: str


class Texts(dict[str, str]):
    """Labels or annotations; one that an alert does not have is empty."""

    def __missing__(self, key: str) -> str:
        """Return nothing for what is not there."""
        return ""


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert. What does not apply is empty.

    Parameters
    ----------
    word
        Its severity, Still and its severity where it was told before, or Resolved.
    name
        The rule in words.
    iteration
        Where it began, marked while it is only estimated.
    began, ended, lasted
        Wall time, and the time between in words.
    recent, trend
        The last values of its place, and all that are known of them as bars.
    snapshot
        The last one that is clean.
    labels, annotations
        As a webhook gets them.
    status_url, rule_url, panel_url
        Links, where they are configured.
    """

    state: str
    severity: str
    sign: str
    word: str
    rule: str
    name: str
    job: str
    host: str
    log: str
    layer: str
    summary: str
    description: str
    advice: tuple[str, ...]
    iteration: str
    began: str
    ended: str
    lasted: str
    value: str
    recent: str
    trend: str
    snapshot: str
    consequences: str
    line: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    status_url: str
    rule_url: str
    panel_url: str

    @property
    def headline(self) -> str:
        """Say what it is and where: ``🔴 Critical: nan or inf in layer conv1``."""
        if self.state == "event":
            return f"{self.sign} {self.name.capitalize()}"
        where = f" in layer {self.layer}" if self.layer else ""
        return f"{self.sign} {self.word}: {self.name}{where}"

    @property
    def facts(self) -> list[Fact]:
        """Tell all of it in lines, the most urgent first."""
        since = f"iteration {self.iteration}" if self.iteration else ""
        layer = f"layer {self.layer}" if self.layer else ""
        told = [Fact("Where", _joined(layer, f"job {self.job}", f"host {self.host}"))]
        if self.state == "resolved":
            told += [
                Fact("Lasted", _joined(self.lasted, since and f"from {since} on")),
                Fact("Ended", _joined(self.ended, self.annotations["resolution"])),
            ]
        elif self.state == "event":
            told.append(Fact("When", _joined(since, self.began)))
        else:
            told += [
                Fact("Since", _joined(since, self.began)),
                Fact("Lately", f"{self.recent or self.value}  {self.trend}".strip()),
                Fact("Do first", self.advice[0] if self.advice else ""),
                Fact("Then", self.advice[1] if len(self.advice) > 1 else ""),
                Fact("Go back to", self.snapshot or self._no_snapshot),
                Fact("Follows from it", self.consequences),
            ]
        told.append(Fact("Log", _joined(self.log, self.line and f"line {self.line}")))
        return [fact for fact in told if fact.text]

    @property
    def links(self) -> list[Fact]:
        """Name the pages that tell more, and their addresses."""
        pages = [
            Fact("Status page", self.status_url),
            Fact("What it means", self.rule_url),
            Fact("Grafana", self.panel_url),
        ]
        return [page for page in pages if page.text]

    @property
    def _no_snapshot(self) -> str:
        return "nothing: no snapshot of this run is clean" if self.rule == "non_finite" else ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message: alerts of one run, and the one that gives it its title.

    ``more`` counts the alerts beside that one; ``left_out`` names those not among ``alerts``.
    """

    receiver: str
    worst: AlertView
    more: int
    alerts: tuple[AlertView, ...]
    left_out: str


def view(notification: Notification, site: Site, clean: Clean = one_line) -> MessageView:
    """Make the view of a notification; the same on every try."""
    alerts = notification.alerts
    worst = worst_of(alerts)
    ordered = sorted(alerts, key=_urgency, reverse=True)
    shown = [_alert(alert, site, clean) for alert in ordered[:SHOWN_ALERTS]]
    rest = ordered[SHOWN_ALERTS:]
    names = ", ".join(sorted({in_words(alert.rule) for alert in rest}))
    return MessageView(
        receiver=notification.receiver,
        worst=_alert(worst, site, clean),
        more=len(alerts) - 1,
        alerts=tuple(shown),
        left_out=f"{len(rest)} more of this run: {names}" if rest else "",
    )


def worst_of(alerts: Sequence[Alert]) -> Alert:
    """Choose the alert that a message is named after: the first of the worst that fire."""
    return max(alerts, key=_urgency)


def _urgency(alert: Alert) -> tuple[bool, int]:
    return alert.state == "firing", SEVERITIES.index(alert.severity)


def in_words(rule: str) -> str:
    """Return a rule's or event's title; one that is no longer there is named by its id."""
    title = TITLES.get(rule.removeprefix(PREFIX)) if rule.startswith(PREFIX) else None
    return RULES[rule].title if rule in RULES else title or rule.replace("_", " ")


def _alert(alert: Alert, site: Site, clean: Clean) -> AlertView:
    labels = Texts({k: clean(v, _LINE_LIMIT) for k, v in alert.labels.items()})
    notes = Texts({k: clean(v, _LINE_LIMIT) for k, v in alert.annotations.items()})
    resolved, ends_at = alert.state == "resolved", alert.ends_at
    severity = f"still {alert.severity}" if notes["repeat"] else alert.severity
    estimated = " (estimated)" if notes["iteration_estimated"] else ""
    advice = alert.annotations.get("advice", "").split("\n")
    return AlertView(
        state=alert.state,
        severity=alert.severity,
        sign="✅" if resolved else _SIGNS[alert.severity],
        word="Resolved" if resolved else severity.capitalize(),
        rule=alert.rule,
        name=in_words(alert.rule),
        job=clean(alert.labels.get("training_job", ""), _NAME_LIMIT),
        host=clean(alert.labels.get("host", ""), _NAME_LIMIT),
        log=labels["log"],
        layer=clean(alert.labels.get("layer", ""), _NAME_LIMIT),
        summary=notes["summary"],
        description=notes["description"] or notes["summary"],
        advice=tuple(clean(line, _LINE_LIMIT) for line in advice if line),
        iteration=notes["iteration"] + estimated,
        began=site.moment(alert.starts_at),
        ended="" if ends_at is None else site.moment(ends_at),
        lasted="" if ends_at is None else duration(ends_at - alert.starts_at),
        value=notes["value"],
        recent=notes["recent"],
        trend=notes["evidence"],
        snapshot=notes["snapshot"],
        consequences=notes["consequences"],
        line=notes["line"],
        labels=labels,
        annotations=notes,
        status_url=site.job(alert.labels.get("training_job", "")),
        rule_url=site.rule(alert.rule),
        panel_url=site.panel(alert),
    )


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
