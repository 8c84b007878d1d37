from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.deliver.email import EmailReceiver, EmailSettings, compose, mailbox
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from tests.deliver.certificates import Authority
from tests.deliver.mail_server import MailServer, mail_server
from tests.deliver.samples import STARTED, alert, notification

SITE = Site("https://watch.example/", "https://docs.example/")
SETTINGS = EmailSettings(
    name="mail",
    host="127.0.0.1",
    security="plain",
    sender="Caffewatch <watch@example.org>",
    recipients=("Ops <ops@example.org>", "ann@example.org"),
)
HOSTILE = "<!channel> @here http://evil.example www.evil.example <b>x</b>\r\nBcc: x@evil.example"


def part(message: EmailMessage, kind: str) -> str:
    """Return the text or the HTML of a mail."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def parsed(message: EmailMessage) -> Any:
    """Read a mail as a mail program does."""
    return message_from_bytes(message.as_bytes(), policy=default)


def send(server: MailServer, settings: EmailSettings = SETTINGS, **more: Any) -> Outcome:
    """Send a sample to a server."""
    receiver = EmailReceiver(replace(settings, port=server.port), SITE, **more)
    return receiver.send(notification(), STARTED)


class TestCompose:
    def test_headers(self) -> None:
        """The id is the notification's, so that a second try is known; a run is one thread."""
        message = parsed(compose(SETTINGS, notification(), SITE))

        assert message["Subject"] == "🔴 Critical: nan or inf in layer conv1 · imagenet on gpu-07"
        assert message["From"] == "Caffewatch <watch@example.org>"
        assert message["To"] == "Ops <ops@example.org>, ann@example.org"
        assert message["Message-ID"] == "<cw_1@example.org>"
        assert message["References"] == "<run-ffeeddccbbaa9988@example.org>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"].datetime.timestamp() == int(STARTED)

    def test_parts(self) -> None:
        """Text and HTML say the same, and have our links."""
        message = parsed(compose(SETTINGS, notification(), SITE))

        text, rich = part(message, "plain"), part(message, "html")

        assert "Do first: Lower base_lr to a tenth.\n" in text
        assert text.endswith(
            "\n\nStatus page: https://watch.example/jobs/imagenet\n"
            "What it means: https://docs.example/#non_finite\n"
        )
        assert "<b>Do first:</b> Lower base_lr to a tenth." in rich
        assert '<a href="https://watch.example/jobs/imagenet">Status page</a>' in rich

    def test_advice_is_told_once(self) -> None:
        """Two lines of it among the facts, and the rest below them."""
        told = alert(annotations={"summary": "x", "advice": "one\ntwo\nthree"})

        rich = part(parsed(compose(SETTINGS, notification(told), SITE)), "html")

        assert re.findall(r"one|two|three", rich) == ["one", "two", "three"]

    def test_the_same_on_every_try(self) -> None:
        """But for the marks between its parts."""
        first, second = (
            re.sub(rb"={15}\d+==", b"", compose(SETTINGS, notification(), SITE).as_bytes())
            for _ in range(2)
        )

        assert first == second

    def test_own_text_without_own_html(self) -> None:
        """Then HTML shows that text."""
        own = replace(SETTINGS, text="<{{ worst.job }}>")

        message = parsed(compose(own, notification(), Site()))

        assert part(message, "plain").strip() == "<imagenet>"
        assert '<div style="white-space: pre-wrap">&lt;imagenet&gt;' in part(message, "html")

    def test_own_html(self) -> None:
        """Its values are escaped."""
        own = replace(SETTINGS, html="<p>{{ worst.summary }}</p>")

        message = parsed(
            compose(own, notification(alert(annotations={"summary": "<img>"})), Site())
        )

        assert "<p>&lt;\u200bimg&gt;</p>" in part(message, "html")

    def test_log_text_is_harmless(self) -> None:
        """No header, mention, link or markup out of a log."""
        labels = dict.fromkeys(["host", "training_job", "log", "layer"], HOSTILE)
        notes = dict.fromkeys(["summary", "description", "advice", "snapshot", "recent"], HOSTILE)

        message = parsed(
            compose(SETTINGS, notification(alert(labels=labels, annotations=notes)), Site())
        )

        assert set(message.keys()) == {
            "Subject", "From", "To", "Date", "Message-ID", "References", "Auto-Submitted",
            "MIME-Version", "Content-Type",
        }  # fmt: skip
        for text in (part(message, "plain"), part(message, "html"), message["Subject"]):
            assert not re.search(r"://|<!channel|@here|www\.|<b>x", text)

    @given(st.text(st.characters(exclude_categories=[])))
    def test_any_text(self, text: str) -> None:
        """Lone surrogates, NUL bytes and line ends give a mail that can be sent and read."""
        told = alert(labels={"layer": text, "log": text}, annotations={"summary": text})

        message = parsed(compose(SETTINGS, notification(told), SITE))

        assert message["Subject"].startswith("🔴 Critical: nan or inf")
        assert not message.defects
        assert part(message, "plain").count("Since: ") == 1


class TestMailbox:
    @pytest.mark.parametrize(
        "text", ["", "nobody", "@example.org", "a@", "a@b\nBcc: c@d", "a b@c", "ä@example.org"]
    )
    def test_refused(self, text: str) -> None:
        """What is no address is quoted."""
        with pytest.raises(ValueError, match=r"expected an address such as ops@example\.org"):
            mailbox(text)

    def test_accepted(self) -> None:
        """With a name or without."""
        assert str(mailbox("root@localhost")) == "root@localhost"
        assert str(mailbox('"Ops, Night" <ops@example.org>')) == '"Ops, Night" <ops@example.org>'


class TestSend:
    def test_arrives(self) -> None:
        """At everybody, from whom the configuration says."""
        with mail_server() as server:
            outcome = send(server)

            ((sender, people, message),) = server.received
        assert outcome == Delivered()
        assert (sender, people) == ("watch@example.org", ["ops@example.org", "ann@example.org"])
        assert "Do first: Lower base_lr" in part(message, "plain")

    @pytest.mark.parametrize(
        ("answers", "expected"),
        [
            ({"data": "554 5.7.1 spam"}, Rejected("SMTP 554: 5.7.1 spam")),
            ({"data": "451 later"}, Retry("SMTP 451: later")),
            (
                {"ops@example.org": "550 who", "ann@example.org": "550 who"},
                Rejected("SMTP 550: who"),
            ),
            (
                {"ops@example.org": "550 who", "ann@example.org": "450 greylisted"},
                Retry("SMTP 450: greylisted"),
            ),
            ({"ann@example.org": "450 greylisted"}, Retry("SMTP 450: greylisted")),
            ({"ann@example.org": "550 gone"}, Delivered()),
        ],
    )
    def test_answers(self, answers: dict[str, str], expected: Outcome) -> None:
        """5xx is final, 4xx is worth another try; who is refused for good costs nobody else."""
        with mail_server() as server:
            server.answers = answers

            assert send(server) == expected

    def test_some_are_refused(self, caplog: pytest.LogCaptureFixture) -> None:
        """The log says so."""
        with mail_server() as server:
            server.answers = {"ann@example.org": "550 gone"}
            send(server)

        said = [x.getMessage() for x in caplog.records if x.levelno == logging.ERROR]
        assert said == ["receiver mail: one of its people is refused: SMTP 550: gone"]

    def test_who_has_it_is_not_sent_it_again(self) -> None:
        """While one mailbox is full the others get one mail, and not one at every try."""
        with mail_server() as server:
            receiver = EmailReceiver(replace(SETTINGS, port=server.port), SITE)
            server.answers = {"ann@example.org": "452 full"}
            tries = [receiver.send(notification(), STARTED) for _ in range(3)]
            server.answers = {}
            tries.append(receiver.send(notification(), STARTED))

        assert tries == [Retry("SMTP 452: full")] * 3 + [Delivered()]
        assert [people for _, people, _ in server.received] == [
            ["ops@example.org"], ["ann@example.org"]
        ]  # fmt: skip

    def test_refused_for_good_in_the_end(self) -> None:
        """Who is refused at a later try does not undo that the others have it."""
        with mail_server() as server:
            receiver = EmailReceiver(replace(SETTINGS, port=server.port), SITE)
            server.answers = {"ann@example.org": "450 greylisted"}
            receiver.send(notification(), STARTED)
            server.answers = {"ann@example.org": "550 gone"}

            assert receiver.send(notification(), STARTED) == Delivered()
        assert len(server.received) == 1


class TestTls:
    @pytest.mark.parametrize("security", ["starttls", "tls"])
    @pytest.mark.parametrize(
        ("name", "trusted", "delivered"),
        [
            ("127.0.0.1", lambda ours, other: ours.file, True),
            ("127.0.0.1", lambda ours, other: other.file, False),
            ("127.0.0.1", lambda ours, other: "", False),
            ("elsewhere.example", lambda ours, other: ours.file, False),
        ],
        ids=["trusted", "another authority", "the system's authorities", "another name"],
    )
    def test_certificates(
        self, security: Any, name: str, trusted: Callable[[Authority, Authority], Path],
        delivered: bool, tmp_path: Path,
    ) -> None:  # fmt: skip
        """Name and password are told only to a server that proves its name."""
        ours, other = Authority(tmp_path), Authority(tmp_path, "other")
        context = ours.server(name)
        settings = replace(
            SETTINGS,
            security=security,
            ca_file=str(trusted(ours, other)),
            username="me",
            password=Secret("hunter2-pw"),
        )
        contexts = {"tls": context} if security == "tls" else {"starttls": context}
        with mail_server(**contexts) as server:
            outcome = send(server, settings)

        if delivered:
            assert outcome == Delivered()
            assert server.logins == [("me", "hunter2-pw")]
        else:
            assert isinstance(outcome, Retry)
            assert outcome.reason.startswith("the server's certificate is not accepted: ")
            assert ("mismatch" in outcome.reason) == (name != "127.0.0.1")
            assert (server.logins, server.received) == ([], [])

    def test_a_wrong_password(self, tmp_path: Path) -> None:
        """It is final, and not repeated."""
        ours = Authority(tmp_path)
        settings = replace(
            SETTINGS,
            security="starttls",
            ca_file=str(ours.file),
            username="me",
            password=Secret("wrong-pw"),
        )
        with mail_server(starttls=ours.server()) as server:
            outcome = send(server, settings)

        assert isinstance(outcome, Rejected)
        assert outcome.reason.startswith("SMTP 535")
        assert "wrong-pw" not in outcome.reason

    def test_no_starttls(self) -> None:
        """Somebody in between may have taken it out: nothing is said in the clear."""
        with mail_server() as server:
            outcome = send(server, replace(SETTINGS, security="starttls"))

        assert isinstance(outcome, Retry)
        assert outcome.reason.startswith("the server does not offer what is configured: STARTTLS")
        assert server.received == []


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[MailServer]:
    """Run a server of one connection that does as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            connection, _ = listening.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield MailServer(listening.getsockname()[1])
        thread.join()


def wait_for(event: threading.Event) -> None:
    """Do nothing until then."""
    event.wait()


class TestBadServers:
    def test_nobody_listens(self) -> None:
        """It may come back."""
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]

        assert send(MailServer(port)) == Retry("no connection: Connection refused")

    def test_hangs_up(self) -> None:
        """At once, without a word."""
        with raw_server(lambda connection: None) as server:
            assert send(server) == Retry("the connection was closed")

    def test_turns_us_away(self) -> None:
        """By its very first line."""
        with raw_server(lambda c: c.sendall(b"421 too busy\r\n")) as server:
            assert send(server) == Retry("SMTP 421: too busy")

    def test_silence(self) -> None:
        """A server that says nothing meets the time-out of a reply."""
        ended = threading.Event()
        with raw_server(lambda connection: wait_for(ended)) as server:
            outcome = send(server, reply_timeout=0.2)
            ended.set()

        assert outcome == Retry("no answer in time")

    def test_dripping(self) -> None:
        """A server that sends a byte now and then cannot hold us."""
        ended = threading.Event()

        def drip(connection: socket.socket) -> None:
            try:
                while not ended.wait(0.02):
                    connection.sendall(b"2")
            except OSError:
                return

        with raw_server(drip) as server:
            outcome = send(server, total_timeout=0.3)
            ended.set()

        assert outcome == Retry("no complete answer within 0.3 s")
