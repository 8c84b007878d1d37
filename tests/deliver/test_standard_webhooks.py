from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from caffewatch.deliver.standard_webhooks import headers, signing_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class TestSigningKey:
    def test_base64(self) -> None:
        """The prefix says that Base64 follows; its padding may be missing."""
        key = b"0123456789abcdef0123456789abcdef"
        encoded = base64.b64encode(key).decode()

        assert signing_key("whsec_" + encoded.rstrip("=")) == signing_key("whsec_" + encoded) == key

    def test_raw(self) -> None:
        """Any other text is the key itself."""
        assert signing_key("correct horse ü") == "correct horse ü".encode()

    @pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a-b", "whsec_abcde", "whsec_ü"])
    def test_refused(self, secret: str) -> None:
        """An empty secret and broken Base64 are refused."""
        with pytest.raises(ValueError, match="the secret"):
            signing_key(secret)


class TestHeaders:
    def test_known_signature(self) -> None:
        """The example of the specification's own libraries gives their signature."""
        body = b'{"test": 2432232314}'
        expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

        made = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body, 1614265330.9, signing_key(SECRET))

        assert made["webhook-signature"] == expected
        assert made["webhook-timestamp"] == "1614265330"

    @given(st.text(st.characters(codec="utf-8")), st.binary(min_size=1, max_size=64))
    def test_the_reference_library_accepts(self, text: str, key: bytes) -> None:
        """Whatever is sent under whatever key, the reference library verifies it."""
        secret = "whsec_" + base64.b64encode(key).decode()
        body = text.encode()

        made = headers("cw_1", body, time.time(), signing_key(secret))

        Webhook(secret).verify(body, made, json_parse=False)

    def test_no_secret(self) -> None:
        """Without a key there is no signature, but the id that tells retries apart is there."""
        assert headers("cw_1", b"", 5.0, None) == {"webhook-id": "cw_1", "webhook-timestamp": "5"}
