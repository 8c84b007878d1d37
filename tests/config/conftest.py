from __future__ import annotations

from pathlib import Path

import pytest

from tests.deliver.certificates import Authority


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Make an environment with systemd credentials and variables for secrets."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "slack-url").write_text("https://hooks.slack.example/services/T0/B0/hunter2\n")
    (credentials / "hook-secret").write_text("whsec_aHVudGVyMg==\n")
    (credentials / "empty").write_text(" \n")
    (credentials / "binary").write_bytes(b"\xff\xfe")
    authority = Authority(credentials)
    authority.client()
    return {
        "CREDENTIALS_DIRECTORY": str(credentials),
        "TOKEN": "hunter2-token",
        "KEY": "hunter2-key",
    }
