"""Secrets from files, from systemd's credentials or from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from caffewatch.config.types import is_web_url
from caffewatch.deliver.apprise import service
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.standard_webhooks import signing_key
from caffewatch.deliver.transport import parse_headers

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a file is read, the context of its validation: environment, folder of its paths."""

    environ: Mapping[str, str]
    folder: Path

    def secret_path(self, name: str) -> Path:
        """Place a secret's file: a relative one with systemd's credentials where there are any."""
        return Path(self.environ.get("CREDENTIALS_DIRECTORY") or self.folder) / name


def from_text(value: Any, info: ValidationInfo) -> Secret:
    """Take a text as it is, every ``${NAME}`` in it replaced from the environment.

    Raises
    ------
    ValueError
        It is no text, or a variable is missing or empty. No message repeats the text.
    """
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text, or ${NAME} for one from the environment")
    surroundings = cast(Surroundings, info.context)
    environ = surroundings.environ
    missing = [name for name in _VARIABLE.findall(value) if not environ.get(name)]
    if missing:
        raise ValueError(f"expected the environment variable {', '.join(missing)} to be set")
    return Secret(_VARIABLE.sub(lambda match: environ[match[1]], value))


def from_file(value: Any, info: ValidationInfo) -> Secret:
    """Read a secret's file, without the white space around it.

    Raises
    ------
    ValueError
        The file cannot be read, is empty, or is no short text.
    """
    if not isinstance(value, str) or not value:
        raise ValueError("expected the path of a file")
    surroundings = cast(Surroundings, info.context)
    path = surroundings.secret_path(value)
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode().strip()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"expected UTF-8 text in {path}") from error
    if not text:
        raise ValueError(f"expected a secret in {path}, which is empty")
    return Secret(text)


def _url(secret: Secret) -> Secret:
    if not is_web_url(secret.reveal()):
        raise ValueError("expected an http:// or https:// URL (the value is not shown)")
    return secret


def _key(secret: Secret) -> Secret:
    signing_key(secret.reveal())
    return secret


def _headers(secret: Secret) -> Secret:
    parse_headers(secret.reveal())
    return secret


def _service(secret: Secret) -> Secret:
    service(secret)
    return secret


_TEXT = WithJsonSchema({"type": "string", "minLength": 1})

UrlText = Annotated[Secret, PlainValidator(lambda v, info: _url(from_text(v, info))), _TEXT]
UrlFile = Annotated[Secret, PlainValidator(lambda v, info: _url(from_file(v, info))), _TEXT]
KeyText = Annotated[Secret, PlainValidator(lambda v, info: _key(from_text(v, info))), _TEXT]
KeyFile = Annotated[Secret, PlainValidator(lambda v, info: _key(from_file(v, info))), _TEXT]
ServiceText = Annotated[Secret, PlainValidator(lambda v, info: _service(from_text(v, info))), _TEXT]
ServiceFile = Annotated[Secret, PlainValidator(lambda v, info: _service(from_file(v, info))), _TEXT]
SecretText = Annotated[Secret, PlainValidator(from_text), _TEXT]
SecretFile = Annotated[Secret, PlainValidator(from_file), _TEXT]
HeadersText = Annotated[Secret, PlainValidator(lambda v, info: _headers(from_text(v, info))), _TEXT]
HeadersFile = Annotated[Secret, PlainValidator(lambda v, info: _headers(from_file(v, info))), _TEXT]
