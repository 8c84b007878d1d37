"""Files of certificates and keys, tried out before anything depends on them."""

from __future__ import annotations

import ssl
from typing import Annotated, Any, cast

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from caffewatch.config.credentials import Surroundings


def _ca_file(value: Any, info: ValidationInfo) -> str:
    path = _certificate_file(value, info)
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        raise ValueError(f"expected certificates (PEM) in {path}") from error
    return path


def _certificate_file(value: Any, info: ValidationInfo) -> str:
    """Place a file as secrets are, since a key is one."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected the path of a file")
    path = cast(Surroundings, info.context).secret_path(value)
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    return str(path)


def certificate_with_key(cert_file: str, key_file: str) -> None:
    """Try a certificate of ours and its key, which may be in the same file.

    Raises
    ------
    ValueError
        They do not belong together, or a password guards the key.
    """
    if key_file and not cert_file:
        raise ValueError("expected cert_file with key_file")
    if not cert_file:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(cert_file, key_file or None, password="")
    except OSError as error:
        both = f"{cert_file} and {key_file}" if key_file else cert_file
        raise ValueError(
            f"expected a certificate and its key (PEM, no password) in {both}"
        ) from error


_PATH = WithJsonSchema({"type": "string", "minLength": 1})

CaFile = Annotated[str, PlainValidator(_ca_file), _PATH]
CertificateFile = Annotated[str, PlainValidator(_certificate_file), _PATH]
