"""What people were told of a log's alerts, and what they are not to hear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from caffewatch.alert.model import Alert, resolved


class Audience:
    """Decide which edges people hear: no beginning twice, and no end of what they never heard of.

    Parameters
    ----------
    recalled
        Alerts that an earlier process told and that have not resolved.

    Attributes
    ----------
    known
        When they began to fire, by fingerprint.
    untold
        Fingerprints of alerts that fire and that nobody was told of.
    """

    def __init__(self, recalled: Sequence[Alert]) -> None:
        self.known = {x.fingerprint: x.starts_at for x in recalled}
        self.untold: set[str] = set()
        self._recalled = recalled

    @property
    def waits(self) -> bool:
        """Whether there are alerts of which it is open whether they still fire."""
        return bool(self._recalled)

    @property
    def recalled(self) -> Counter[tuple[str, str]]:
        """How many those are: (rule, severity) -> number."""
        return Counter((x.rule, x.severity) for x in self._recalled)

    def heard_of(self, rule: str, run: str) -> bool:
        """Tell whether a rule's alert of a run is among them."""
        return any(x.rule == rule and x.labels["run"] == run for x in self._recalled)

    def heard(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Leave out what nobody was told of."""
        return [x for x in alerts if x.fingerprint not in self.untold]

    def tell(self, alerts: Iterable[Alert], silently: bool) -> list[Alert]:
        """Return the edges to be told; of what is only shown the end is not told either."""
        told = []
        for alert in alerts:
            if alert.state == "resolved" and alert.fingerprint in self.untold:
                self.untold.discard(alert.fingerprint)
            elif not silently:
                told.append(alert)
            elif alert.state == "firing" and alert.fingerprint not in self.known:
                self.untold.add(alert.fingerprint)
        return told

    def let_go(self, firing: Callable[[], Iterable[Alert]], now: float) -> list[Alert]:
        """Resolve what was told before and is not found again, once all has been read.

        The rules may have been changed, or the lines may be gone.
        """
        if not self._recalled:
            return []
        found = {x.fingerprint for x in firing()}
        lost = [x for x in self._recalled if x.fingerprint not in found]
        self._recalled = ()
        return [resolved(x, now, "rules or log changed, it is found no more") for x in lost]
