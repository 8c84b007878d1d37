"""Reads a configuration file: every error at once, or settings."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from caffewatch.config import messages
from caffewatch.config import problem as problems
from caffewatch.config.checks import cross_check
from caffewatch.config.credentials import Surroundings
from caffewatch.config.document import Document, document_model
from caffewatch.config.problem import ConfigError, Problem
from caffewatch.config.receivers import heartbeat_settings, receiver_settings
from caffewatch.config.rules import InvalidRuleError, Registry, resolve
from caffewatch.config.settings import Job, Settings
from caffewatch.config.source import Source, parse
from caffewatch.config.types import shown
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.detect.registry import RULES


def load(path: Path, environ: Mapping[str, str], registry: Registry = RULES) -> Settings:
    """Read, validate and complete a configuration file.

    Parameters
    ----------
    path
        The YAML file. Relative paths in it start at its folder.
    environ
        The environment, for ``${NAME}`` and ``$CREDENTIALS_DIRECTORY``.
    registry
        The rules that there are.

    Raises
    ------
    ConfigError
        With every problem that the file has.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise _unreadable(path, f"cannot read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"expected UTF-8 text: {error.reason}") from error
    reading = _Reading(path, parse(text), registry)
    return reading.settings(Surroundings(environ, path.absolute().parent))


def _unreadable(path: Path, message: str) -> ConfigError:
    return ConfigError([Problem(str(path), None, "", message)])


@dataclass(frozen=True)
class _Reading:
    path: Path
    source: Source
    registry: Registry

    def settings(self, surroundings: Surroundings) -> Settings:
        found = [self._problem(line, path, text) for line, path, text in self.source.errors]
        data = self.source.data
        if data is None and found:
            raise ConfigError(found)
        if not isinstance(data, dict):
            message = f"expected a mapping with the key jobs, not {shown(data)}"
            raise ConfigError([*found, self._problem(1, (), message)])
        # A section whose lines are all commented out is as good as none.
        data = {key: value for key, value in data.items() if value is not None}
        found += [self._at(path, message) for path, message in cross_check(data)]
        model = document_model(self.registry)
        try:
            document = model.model_validate(data, context=surroundings)
        except ValidationError as error:
            schema = model.model_json_schema()
            found += [
                self._at(messages.value_path(detail), messages.describe(detail, schema))
                for detail in error.errors(include_url=False)
                # Where every entry is bad, pydantic says of the list too that it is empty.
                if detail["type"] != "too_short" or not detail["input"]
            ]
        if found:
            raise ConfigError(sorted(found, key=lambda problem: problem.line or 0))
        return self._complete(document, surroundings.folder)

    def _complete(self, document: Document, folder: Path) -> Settings:
        receivers = tuple(map(receiver_settings, document.receivers))
        return Settings(
            host=document.host or socket.gethostname(),
            jobs=tuple(
                self._job(index, document, folder, receivers)
                for index in range(len(document.jobs))
            ),
            receivers=receivers,
            heartbeat=heartbeat_settings(document.heartbeat),
            state_dir=folder / document.state_dir,
            **{
                name: getattr(document, name)
                for name in (
                    "external_url", "docs_url", "grafana_url", "web", "tail",
                    "alerts", "metrics", "ignore_older", "timezone",
                )
            },
        )  # fmt: skip

    def _job(
        self, index: int, document: Document, folder: Path, receivers: Sequence[ReceiverSettings]
    ) -> Job:
        job = document.jobs[index]
        names = tuple(x.name for x in receivers) if job.receivers is None else tuple(job.receivers)
        asked = {kind for x in receivers if x.name in names for kind in x.send_events}
        try:
            rules = resolve(self.registry, document.rules, job.rules)
        except InvalidRuleError as error:
            own = job.rules is not None and getattr(job.rules, error.rule) is not None
            path = ("jobs", index, "rules", error.rule) if own else ("rules", error.rule)
            raise ConfigError([self._at(path, str(error))]) from error
        return Job(
            name=job.name,
            path=str(folder / job.path),
            rules=rules,
            receivers=names,
            events=tuple(sorted(asked)),
            start_at=job.start_at,
            labels=job.labels,
        )

    def _at(self, path: problems.Path, message: str) -> Problem:
        return self._problem(self.source.line(path), path, message)

    def _problem(self, line: int, path: problems.Path, message: str) -> Problem:
        return Problem(str(self.path), line, problems.dotted(path), message)
