from __future__ import annotations

import json

from caffewatch.deliver.payload import payload, rfc3339
from caffewatch.deliver.site import Site
from tests.deliver.samples import STARTED, alert, event, notification
from tests.deliver.webhook_document import read

SITE = Site("https://watch.example/")


class TestSchema:
    def test_of_alertmanager(self) -> None:
        """What we send has the shape of what Alertmanager sends."""
        several = notification(alert(), alert("crash", "warning"), alert(ends_at=STARTED + 60))

        told = read(json.dumps(payload(several, SITE)).encode())

        assert told == [
            ("non_finite", "firing", "2026-11-23T07:20:00"),
            ("crash", "firing", "2026-11-23T07:20:00"),
            ("non_finite", "resolved", "2026-11-23T07:20:00"),
        ]


class TestPayload:
    def test_one_firing_alert(self) -> None:
        """A firing alert is Alertmanager's document to the letter."""
        nan = alert()

        document = payload(notification(nan), SITE)

        assert document == {
            "version": "4",
            "groupKey": "ffeeddccbbaa9988",
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "hook",
            "groupLabels": {
                "host": "gpu-07", "training_job": "imagenet", "log": "/data/train.log", "run": "1",
            },
            "commonLabels": dict(nan.labels),
            "commonAnnotations": dict(nan.annotations),
            "externalURL": "https://watch.example/",
            "alerts": [
                {
                    "status": "firing",
                    "labels": dict(nan.labels),
                    "annotations": dict(nan.annotations),
                    "startsAt": "2026-11-23T07:20:00.250Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "https://watch.example/jobs/imagenet",
                    "fingerprint": "00112233445566aa",
                }
            ],
        }  # fmt: skip

    def test_resolved(self) -> None:
        """A resolved alert has its end."""
        document = payload(notification(alert(ends_at=STARTED + 60)), SITE)

        assert document["status"] == document["alerts"][0]["status"] == "resolved"
        assert document["alerts"][0]["endsAt"] == "2026-11-23T07:21:00.250Z"

    def test_an_event(self) -> None:
        """Programs take notice of what fires, so it does; nothing resolves it."""
        document = payload(notification(event()), SITE)

        assert document["status"] == document["alerts"][0]["status"] == "firing"
        assert document["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
        assert document["alerts"][0]["labels"]["event"] == "finished"
        assert read(json.dumps(document).encode())[0][:2] == ("run_finished", "firing")

    def test_both_edges_keep_their_order(self) -> None:
        """What fired and resolved within one read is told as two edges."""
        document = payload(notification(alert(), alert(ends_at=STARTED + 1)), SITE)

        assert document["status"] == "firing"
        assert [entry["status"] for entry in document["alerts"]] == ["firing", "resolved"]

    def test_common_labels(self) -> None:
        """What differs between the alerts is not common."""
        document = payload(notification(alert(), alert("crash", "warning")), SITE)

        assert document["commonLabels"]["layer"] == "conv1"
        assert {"alertname", "severity"}.isdisjoint(document["commonLabels"])

    def test_without_external_url(self) -> None:
        """Without an address of ours there are no site."""
        document = payload(notification(), Site())

        assert (document["externalURL"], document["alerts"][0]["generatorURL"]) == ("", "")

    def test_links(self) -> None:
        """Under the names that Alertmanager's users know."""
        site = Site("", "https://docs.example/", "https://grafana.example/{{ job }}")

        notes = payload(notification(), site)["alerts"][0]["annotations"]

        assert notes["runbook_url"] == "https://docs.example/#non_finite"
        assert notes["dashboard_url"] == "https://grafana.example/imagenet"


class TestRfc3339:
    def test_whole_seconds(self) -> None:
        """Every stamp has the same form."""
        assert rfc3339(0.0) == "1970-01-01T00:00:00.000Z"
