"""One request, bounded in time and memory, and what its answer means."""

from __future__ import annotations

import base64
import logging
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3.exceptions
from requests.utils import get_auth_from_url

from caffewatch.deliver.deadline import DeadlineAdapter
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.secret import Secret, redact
from caffewatch.deliver.text import one_line
from caffewatch.deliver.transport import Transport, tls_trouble

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
TOTAL_TIMEOUT = 20.0
LONGEST_PAUSE = 3600.0
"""Retry-After beyond an hour is taken as an hour: an alert should not wait for a typing error."""

DIRECT = Transport()
_BODY_LIMIT = 1024
_REASON_LIMIT = 200
_TOKEN = re.compile(r"(?=.*[0-9A-Z]).{6,}|.{12,}")
"""What a part of a path or query looks like that may be a token, and is hardly a word."""
_RETRIED = frozenset({408, 425, 429})
_BAD_URL = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: where to, with what. ``secrets`` are texts that no error may repeat."""

    url: Secret
    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[Secret, ...] = ()
    method: str = "POST"


class HttpClient:
    """Talks to one server, from one thread; a connection is kept for the next message.

    Parameters
    ----------
    transport
        How to get there.
    connect_timeout, read_timeout
        Seconds for a connection, and for every single piece of an answer.
    total_timeout
        Seconds for everything together: a server that sends one byte every few seconds would
        never meet ``read_timeout``.
    """

    def __init__(
        self,
        transport: Transport = DIRECT,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        total_timeout: float = TOTAL_TIMEOUT,
    ) -> None:
        silence_libraries()
        self._timeouts = (connect_timeout, read_timeout)
        self._transport = transport
        self._headers = {"Accept-Encoding": "identity", **transport.fixed_headers()}
        self._adapter = DeadlineAdapter(total_timeout)
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)

    def send(self, request: Request, now: float) -> Outcome:
        """Send once; whatever happens is an outcome, and no outcome repeats the URL."""
        try:
            with self._adapter.deadline.running():
                return self._exchange(request, now)
        except _BAD_URL:
            return Rejected("the URL is invalid")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if self._adapter.deadline.expired:
                return Retry(f"no complete answer within {self._adapter.deadline.seconds:g} s")
            return Retry(describe_error(error))

    def close(self) -> None:
        """Close the connections that were kept for later."""
        self._session.close()

    def _exchange(self, request: Request, now: float) -> Outcome:
        url, transport = request.url.reveal(), self._transport
        # Given with each request, since there requests lets them win over the environment's.
        proxy = None if transport.proxy is None else transport.proxy.reveal()
        with self._session.request(
            request.method,
            url,
            data=request.body or None,
            headers={**self._headers, **request.headers},
            timeout=self._timeouts,
            allow_redirects=False,
            stream=True,
            auth=_authentication(url),
            proxies={} if proxy is None else {"http": proxy, "https": proxy},
            verify=transport.ca_file or True,
            cert=transport.certificate(),
        ) as response:
            head = _beginning(response)  # an answer that was read leaves its connection usable
        hidden = [secret.reveal() for secret in (request.url, *request.secrets)]
        hidden += [*_parts(request.url), *transport.credentials()]
        answer = redact(head.decode("utf-8", "replace"), hidden)
        return classify(response.status_code, response.headers, answer, now)


def classify(status: int, headers: Mapping[str, str], answer: str, now: float) -> Outcome:
    """Say what an answer means.

    Parameters
    ----------
    status
        HTTP status. 2xx is delivered; 408, 425, 429, redirects and 5xx are worth another try;
        any other 4xx is final.
    headers
        The answer's headers; ``Retry-After`` counts.
    answer
        The beginning of the body, for the reason; without secrets.
    now
        Wall time, seconds since the epoch; an HTTP date in ``Retry-After`` is measured from it.
    """
    if 200 <= status < 300:
        return Delivered()
    pause = retry_after(headers.get("Retry-After", ""), now)
    reason = f"HTTP {status}: {one_line(answer, _REASON_LIMIT)}".rstrip(": ")
    if 300 <= status < 400:
        return Retry(f"HTTP {status}: redirects are not followed, configure the final URL")
    if 400 <= status < 500:
        return Retry(reason, pause) if status in _RETRIED else Rejected(reason)
    return Retry(reason, pause)


def retry_after(value: str, now: float) -> float | None:
    """Read a ``Retry-After`` header: seconds or an HTTP date, in seconds from ``now``.

    Returns
    -------
    float or None
        At least 0 and at most `LONGEST_PAUSE`; None where the value is neither form.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", value):
        return min(float(value), LONGEST_PAUSE)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _beginning(response: requests.Response) -> bytes:
    """Read the first bytes of an answer; its status stands even where the body never comes."""
    try:
        return response.raw.read(_BODY_LIMIT) or b""
    except (urllib3.exceptions.HTTPError, OSError):
        return b""


_TOLD_BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (requests.ConnectTimeout, "no connection in time"),
    (requests.Timeout, "no answer in time"),
    (requests.exceptions.SSLError, "the TLS connection failed"),
    (requests.exceptions.ProxyError, "the proxy cannot be reached"),
)
_TOLD_BY_CAUSE: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "the name of the host is not known"),
    (ConnectionRefusedError, "nobody listens there (connection refused)"),
    (requests.ConnectionError, "the connection failed or was closed"),
)


def describe_error(error: Exception) -> str:
    """Say what kind of error it is, without its text, which holds the URL."""
    causes = [error, *_causes(error)]
    told = [tls_trouble(x) for x in causes if isinstance(x, ssl.SSLError)]
    told += [text for kind, text in _TOLD_BY_KIND if isinstance(error, kind)]
    told += [text for kind, text in _TOLD_BY_CAUSE if any(isinstance(x, kind) for x in causes)]
    return told[0] if told else f"the request failed ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what an error came from; requests and urllib3 wrap it several times."""
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield cause
        yield from _causes(cause)


def _authentication(url: str) -> Any:
    """Take name and password from the URL only: the user's .netrc is none of our business."""
    given = get_auth_from_url(url)
    return given if any(given) else lambda request: request


def _parts(url: Secret) -> list[str]:
    """Return what a server may repeat of a URL, which is rarely all of it.

    Its tails, and the single words in it that may be keys: a server that writes JSON or HTML
    escapes what stands between them.
    """
    whole = url.reveal()
    _, _, rest = whole.partition("://")
    parts = urlsplit(whole)
    words = [*parts.path.split("/"), *(x.partition("=")[2] or x for x in parts.query.split("&"))]
    words = [word for word in words if _TOKEN.fullmatch(word)]
    words += [parts.username or "", parts.password or "", parts.fragment]
    user, password = get_auth_from_url(whole)
    pair = base64.b64encode(f"{user}:{password}".encode()).decode() if user or password else ""
    return [rest, rest.partition("/")[2], *words, *(unquote(x) for x in words), pair]


def silence_libraries() -> None:
    """Keep out of our log what the libraries below write into theirs: it holds whole URLs."""
    for name in ("requests", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
