"""Keys of people who approve: their files, and what is a signature of whom."""

from __future__ import annotations

import base64
import random
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from runtime.keys import Approver, approvers, new_key, read_key, signer
from schemas.approval import APPROVER, ToSign
from schemas.errors import ConfigError

ASKED = ToSign(device="r1", digest="0" * 64, nonce="01890a5d-ac96-774b-bcce-b302099a8057", text="Shall it?\nyes")


def test_a_new_key_is_read_again_and_only_its_owner_may(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    key = new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    line = key.public("anna")
    assert APPROVER.fullmatch(line) and read_key(path).public("anna") == line
    assert signer(b"this", read_key(path).sign(b"this"), approvers([line])) == "anna"


def test_no_key_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "anna.key"
    new_key(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="never overwritten"):
        new_key(path)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="never overwritten"):
        new_key(tmp_path / "link")
    assert path.read_bytes() == before and not (tmp_path / "elsewhere").exists()


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone/key: cannot be written"):
        new_key(tmp_path / "gone" / "key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_key_that_others_may_read_or_replace_is_none(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "anna.key"
    new_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600") as raised:
        read_key(path)
    assert "\n" not in str(raised.value)


def _pem(key: Ed25519PrivateKey | X25519PrivateKey, password: bytes = b"") -> bytes:
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)


GOOD = _pem(Ed25519PrivateKey.generate())
GARBAGE = {
    "empty": b"",
    "words": b"not a key\n",
    "bytes": bytes(range(256)) * 50,
    "cut": GOOD[:70],
    "bent": GOOD.replace(b"MC4C", b"MC5C"),
    "locked": _pem(Ed25519PrivateKey.generate(), b"secret"),
    "another kind": _pem(X25519PrivateKey.generate()),
    "public": b"anna ed25519:" + base64.b64encode(bytes(32)),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_key_is_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not an Ed25519 private key") as raised:
        read_key(path)
    assert "\n" not in str(raised.value)


def test_no_file_or_a_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="parley key new"):
        read_key(tmp_path / "gone")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key(tmp_path)


def test_a_key_of_openssl_is_one_too(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(GOOD)
    path.chmod(0o600)
    assert APPROVER.fullmatch(read_key(path).public("anna"))


def test_no_garbage_is_anybodys_signature(tmp_path: Path) -> None:
    """Nor does any raise, with keys that are no points of the curve either."""
    rng = random.Random(7)
    known = (*approvers([new_key(tmp_path / "key").public("anna")]), *(Approver(f"n{n}", rng.randbytes(32)) for n in range(20)))
    for _ in range(200):
        raw = rng.randbytes(rng.choice((0, 1, 32, 63, 64, 64, 64, 65, 120)))
        assert signer(b"this", base64.b64encode(raw).decode(), known) is None
    for text in ("", "=", "====", "é", "\ud800", "A", "A" * 200, " " * 88, "\n", "\x00" * 88):
        assert signer(b"this", text, known) is None


def test_a_statement_tells_every_field_in_a_line_of_its_own() -> None:
    lines = ASKED.statement("site", True, 7).decode().split("\n")
    assert lines[:5] == ["parley approval v1", "site", "r1", "0" * 64, ASKED.nonce] and lines[6:] == ["yes", "7"] and len(lines[5]) == 64
    others = [ASKED.statement("sit", True, 7), ASKED.statement("site", False, 7), ASKED.statement("site", True, 77)]
    changed = [ASKED.model_copy(update=c).statement("site", True, 7) for c in ({"device": "r2"}, {"digest": "1" * 64}, {"nonce": "x"}, {"text": "?"})]
    assert len({ASKED.statement("site", True, 7), *others, *changed}) == 8
