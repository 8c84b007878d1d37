"""Histories that random drivers have found, played again: what was lost, or came twice, then.

Most need an inode that is used again at once, which a file system does when it likes.
"""

from __future__ import annotations

from ast import literal_eval
from typing import Any

import pytest

from tests.tail.test_model import FollowedLog

HISTORIES = (
    (
        "begin is_linked=False count=0; copytruncate; delete number=0 keeps_writer=False "
        "count=1; copytruncate; truncate count=1; replace count=0"
    ),
    (
        "begin is_linked=False count=0; write count=1 cut=0; copytruncate; "
        "look_at_a_failing_disk seed=87 share=0.7; look_at_a_failing_disk seed=187 share=0.02"
    ),
    (
        "begin is_linked=True count=0; delete number=0 keeps_writer=False count=1; rename "
        "name=- create=True; look; look_at_a_failing_disk seed=465 share=0.7; write count=70 "
        "cut=0; copy_by_hand number=2"
    ),
    (
        "begin is_linked=False count=0; copy_by_hand number=0; rename_back; copy_by_hand "
        "number=0; replace count=70; look_at_a_failing_disk seed=256 share=0.02; restart "
        "rewind=False with_core=False; copy_by_hand number=0; look"
    ),
    (
        "begin is_linked=False count=0; replace count=0; look_at_a_failing_disk seed=256 "
        "share=0.02; replace count=70; copy_by_hand number=0; restart rewind=False "
        "with_core=False; copytruncate"
    ),
    (
        "begin is_linked=False count=0; rename name=- create=False; write count=70 cut=0; "
        "copytruncate; delete number=0 keeps_writer=False count=70; look_once; restart "
        "rewind=False with_core=False; copy_by_hand number=2"
    ),
    (
        "begin is_linked=False count=1; copytruncate; write count=1 cut=0; rename name=.1 "
        "create=True; look_at_a_failing_disk seed=661 share=0.02"
    ),
    (
        "begin is_linked=False count=0; rename name=.1 create=True; copytruncate; look; delete "
        "number=0 keeps_writer=False count=70; restart rewind=False with_core=True; "
        "copy_by_hand number=5"
    ),
    (
        "begin is_linked=False count=0; copytruncate; rename name=.1 create=True; pause "
        "seconds=30000.0; look; delete number=0 keeps_writer=False count=1; replace count=1; "
        "pack number=9; replace count=0"
    ),
    (
        "begin is_linked=False count=0; rename name=stray create=True; look_once; rename "
        "name=.1 create=True; write count=1 cut=0; rename name=- create=False; "
        "look_at_a_failing_disk seed=574 share=0.7; delete number=1 keeps_writer=False count=1; "
        "look_at_a_failing_disk seed=454 share=0.02"
    ),
    (
        "begin is_linked=False count=0; replace count=1; rename name=.old- create=True; "
        "look_at_a_failing_disk seed=810 share=0.7; replace count=1; look_at_a_failing_disk "
        "seed=267 share=0.02"
    ),
    (
        "begin is_linked=True count=1; truncate count=1; look_at_a_failing_disk seed=124 "
        "share=0.02; truncate count=0; rename name=.1 create=False; look_at_a_failing_disk "
        "seed=23 share=0.02; write count=0 cut=0; delete number=0 keeps_writer=False count=1; "
        "rename name=- create=True; write count=0 cut=1"
    ),
    (
        "begin is_linked=False count=0; delete number=0 keeps_writer=False count=1; restart "
        "rewind=True with_core=True; replace count=0; copytruncate; write count=1 cut=0; "
        "look_at_a_failing_disk seed=751 share=0.02"
    ),
    (
        "begin is_linked=False count=0; look_at_a_failing_disk seed=919 share=0.7; "
        "copytruncate; copytruncate; replace count=1; look; replace count=70; "
        "look_at_a_failing_disk seed=492 share=0.7; copy_by_hand number=2; replace count=1; "
        "rename name=.1 create=False"
    ),
    (
        "begin is_linked=False count=0; delete number=0 keeps_writer=False count=1; "
        "copytruncate; restart rewind=False with_core=True; replace count=1; "
        "look_at_a_failing_disk seed=825 share=0.02"
    ),
    (
        "begin is_linked=False count=0; rename name=- create=True; copytruncate; rename name=.1 "
        "create=True; look; pause seconds=40.0; rename name=- create=True; look_once; delete "
        "number=0 keeps_writer=False count=1; replace count=1; rename name=- create=True"
    ),
    (
        "begin is_linked=False count=70; copytruncate; write count=1 cut=6; look; restart "
        "rewind=True with_core=False; look_once; write count=0 cut=0; copytruncate"
    ),
    (
        "begin is_linked=False count=0; copytruncate; replace count=1; look; restart "
        "rewind=False with_core=True; replace count=70; copy_by_hand number=1"
    ),
)
"""Rules of the model with what they get, in turn."""


@pytest.mark.parametrize("history", HISTORIES)
def test_history(history: str) -> None:
    """Every line arrives once at last."""
    model = FollowedLog()
    try:
        for step in history.split("; "):
            rule, *values = step.split()
            getattr(model, rule)(**dict(map(_value, values)))
            model.arrives_once()
            model.arrives_in_order()
    finally:
        model.teardown()


def _value(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, value if name == "name" else literal_eval(value)
