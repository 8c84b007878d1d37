from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from rich.text import Text

from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.webhook import WebhookReceiver, WebhookSettings
from caffewatch.demo.receiver import Receiver, describe
from tests.deliver.samples import STARTED, alert, notification
from tests.patience import PATIENCE


@pytest.fixture
def shown() -> list[Text]:
    """Keep what the receiver shows."""
    return []


@pytest.fixture
def receiver(shown: list[Text]) -> Iterator[Receiver]:
    """Run a receiver."""
    built = Receiver(shown.append)
    built.start()
    yield built
    built.stop()


class TestReceiver:
    def test_shows_what_the_webhook_sends(self, receiver: Receiver, shown: list[Text]) -> None:
        """Summary and advice of a firing alert, and one line when it resolves."""
        hook = WebhookReceiver(WebhookSettings(name="hook", url=Secret(receiver.url)), Site(""))

        hook.send(notification(), STARTED)
        firing = [x.plain for x in shown]
        shown.clear()
        hook.send(notification(alert(ends_at=STARTED + 5)), STARTED + 5)
        hook.close()

        assert firing[0] == "\nALERT firing critical  conv1's data is nan"
        assert firing[-2:] == [
            "  - Lower base_lr to a tenth.", "  - Then look at the input.",
        ]  # fmt: skip
        assert [x.plain for x in shown] == ["\nALERT resolved critical  conv1's data is nan"]

    @pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"alerts": [{}]}'])
    def test_other_bodies_are_refused(
        self, body: bytes, receiver: Receiver, shown: list[Text]
    ) -> None:
        """Whoever finds the port cannot make it print a traceback."""
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(receiver.url, data=body or b" ", timeout=PATIENCE)

        assert refused.value.code == 400
        refused.value.close()
        assert shown == []


class TestDescribe:
    def test_hostile_text_is_harmless(self) -> None:
        """Control characters of a log do not reach the terminal."""
        lines = describe(
            {
                "status": "firing",
                "labels": {"severity": "critical"},
                "annotations": dict.fromkeys(
                    ("summary", "description", "evidence", "advice"), "\x1b[31mred\x07"
                ),
            }
        )

        assert not {"\x1b", "\x07"} & set("".join(x.plain for x in lines))
