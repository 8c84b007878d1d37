"""The way of letters to their receivers."""

from pathlib import Path

import pytest

from caffewatch.store.outbox import MAX_LETTERS, Claim
from caffewatch.store.store import Store
from tests.store.samples import NOW, letter


def claim(store: Store, now: float = NOW, receiver: str = "hook") -> Claim:
    """Claim what must be there."""
    found = store.outbox.claim(receiver, now)
    assert found is not None
    return found


def fingerprints(found: Claim | None) -> list[str]:
    """Return whose edges a claim holds."""
    return [x.fingerprint for x in found.notification.alerts] if found else []


class TestClaim:
    def test_bundles_a_group(self, store: Store) -> None:
        """The due letters of one run go together, in their order; other runs go by themselves."""
        store.commit({}, (), [letter("f1"), letter("f2", group="g2"), letter("f3")])

        assert fingerprints(claim(store)) == ["f1", "f3"]

    def test_waits_for_the_group(self, store: Store) -> None:
        """Before group_wait is over there is nothing to claim."""
        store.commit({}, (), [letter(due_at=NOW + 5)])

        assert (store.outbox.claim("hook", NOW + 4), store.outbox.next_due("hook")) == (
            None, NOW + 5,
        )  # fmt: skip

    def test_waits_for_no_clock_that_was_set_back(self, store: Store) -> None:
        """A letter from the future is due, and so is a try that is further off than any can be."""
        store.commit({}, (), [letter(created_at=NOW + 7200, due_at=NOW + 7205)])
        found = claim(store)
        store.outbox.retry(found.notification.id, NOW + 3601, "503")

        again = claim(store)
        store.outbox.retry(found.notification.id, NOW + 3600, "503")

        assert again.notification == found.notification
        assert store.outbox.claim("hook", NOW) is None

    def test_never_lets_a_letter_overtake(self, store: Store) -> None:
        """A letter that is due takes the earlier ones of its group along, not the later ones."""
        store.commit(
            {}, (),
            [letter("f1", due_at=NOW + 5), letter("f2"), letter("f3", due_at=NOW + 5)],
        )  # fmt: skip

        assert fingerprints(claim(store)) == ["f1", "f2"]

    def test_sends_both_edges_one_after_the_other(self, store: Store) -> None:
        """Firing and resolved of one alert, committed at once, are two notifications."""
        store.commit({}, (), [letter("f1"), letter("f1", state="resolved"), letter("f2")])
        states = []
        for _ in range(2):
            found = claim(store)
            states.append([x.state for x in found.notification.alerts])
            store.outbox.delivered(found.notification.id, NOW)

        assert states == [["firing"], ["resolved", "firing"]]

    def test_is_bounded(self, store: Store) -> None:
        """However much has piled up, one notification holds a bounded part of it."""
        store.commit({}, (), [letter(f"{x}") for x in range(MAX_LETTERS + 1)])

        assert len(claim(store).notification.alerts) == MAX_LETTERS

    def test_of_an_unknown_receiver_is_nothing(self, store: Store) -> None:
        """A receiver without letters waits for ever."""
        assert (store.outbox.claim("nobody", NOW), store.outbox.next_due("nobody")) == (None, None)

    def test_keeps_its_composition_across_a_crash(self, store: Store, state_dir: Path) -> None:
        """What was claimed before a crash is claimed again as it was, whatever came since."""
        store.commit({}, (), [letter("f1")])
        before = claim(store)
        store.commit({}, (), [letter("f2")])
        store.close()

        with Store(state_dir) as again:
            after = claim(again, NOW + 9)
        assert after == Claim(before.notification, attempts=0, first_tried_at=NOW)


class TestSettle:
    def test_delivered_is_gone(self, store: Store) -> None:
        """A delivered notification is not claimed again, nor its letters taken a second time."""
        store.commit({}, (), [letter()])
        store.outbox.delivered(claim(store).notification.id, NOW)
        store.commit({}, (), [letter()])

        assert (store.outbox.claim("hook", NOW), store.outbox.queue_length("hook")) == (None, 0)

    def test_a_repeat_is_a_letter_of_its_own(self, store: Store) -> None:
        """A firing alert that is told again is told again."""
        store.commit({}, (), [letter()])
        store.outbox.delivered(claim(store).notification.id, NOW)
        store.commit({}, (), [letter(repeat=1)])

        assert fingerprints(claim(store)) == ["f1"]

    def test_retry_waits_and_counts(self, store: Store) -> None:
        """A failed notification comes back at its time, with what it went through."""
        store.commit({}, (), [letter()])
        first = claim(store)
        store.outbox.retry(first.notification.id, NOW + 30, "503")

        early, due = store.outbox.claim("hook", NOW + 29), store.outbox.next_due("hook")
        again = claim(store, NOW + 30)
        assert (early, due, again) == (None, NOW + 30, Claim(first.notification, 1, NOW))

    def test_retry_holds_up_only_its_group(self, store: Store) -> None:
        """Later letters of that run wait; another run's and another receiver's do not."""
        store.commit({}, (), [letter("f1")])
        store.outbox.retry(claim(store).notification.id, NOW + 30, "503")
        store.commit(
            {}, (), [letter("f2"), letter("f3", group="g2"), letter("f1", receiver="slack")]
        )

        found = fingerprints(claim(store)), fingerprints(claim(store, receiver="slack"))
        assert found == (["f3"], ["f1"])

    def test_dead_is_kept_aside(self, store: Store) -> None:
        """What is given up on makes way, and is listed with its reason."""
        store.commit({}, (), [letter("f1")])
        notification = claim(store).notification
        store.outbox.dead(notification.id, "404 Not Found", NOW + 1)
        store.commit({}, (), [letter("f2")])

        (dead,) = store.outbox.dead_letters()
        assert (dead.notification, dead.attempts, dead.reason, dead.died_at) == (
            notification, 1, "404 Not Found", NOW + 1,
        )  # fmt: skip
        assert fingerprints(claim(store)) == ["f2"]

    def test_forgotten_dead_letters_are_gone(self, store: Store) -> None:
        """Dead letters are kept for as long as asked, then not at all."""
        store.commit({}, (), [letter()])
        store.outbox.dead(claim(store).notification.id, "404", NOW)
        store.forget(NOW, 0.0)
        kept = len(store.outbox.dead_letters())
        store.forget(NOW + 1, 0.0)

        assert (kept, store.outbox.dead_letters()) == (1, [])


class TestRevive:
    def test_queues_again_under_the_old_id(self, store: Store) -> None:
        """A revived notification is the same one, tried from scratch, before all later ones."""
        store.commit({}, (), [letter("f1")])
        notification = claim(store).notification
        store.outbox.dead(notification.id, "404", NOW)
        store.commit({}, (), [letter("f2")])
        store.outbox.retry(claim(store).notification.id, NOW + 30, "503")
        revived = store.outbox.revive(notification.id)

        assert (revived, claim(store)) == (True, Claim(notification, 0, None))

    @pytest.mark.parametrize("id", ["cw_unknown", ""])
    def test_of_an_unknown_id_says_so(self, store: Store, id: str) -> None:
        """There is nothing to revive."""
        assert not store.outbox.revive(id)
