"""Keys of people who approve: made, read, signed with and checked. The only importer of cryptography."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from schemas.errors import ConfigError

LARGEST = 10_000
"""Bytes of a key file; a key takes 119."""


@dataclass(frozen=True)
class Approver:
    """A name, and the public key by which this person's yes is known."""

    name: str
    key: bytes


@dataclass(frozen=True)
class Key:
    """The private half, which stays with its person."""

    _private: Ed25519PrivateKey

    def sign(self, statement: bytes) -> str:
        return base64.b64encode(self._private.sign(statement)).decode()

    def public(self, name: str) -> str:
        """The line for `agent.approvers`."""
        return f"{name} ed25519:{base64.b64encode(self._private.public_key().public_bytes_raw()).decode()}"


def new_key(path: Path) -> Key:
    """A fresh key in a new file that only its owner may read: PKCS #8 in PEM, as OpenSSL writes it. Raises ConfigError; nothing is overwritten."""
    private = Ed25519PrivateKey.generate()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except FileExistsError:
        raise ConfigError(f"{path}: exists already, and a key is never overwritten; choose another file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from None
    return Key(private)


def read_key(path: Path) -> Key:
    """Raises ConfigError for what is no such key, and for one that others may read."""
    try:
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(LARGEST)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `parley key new {path}` makes a key") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        private = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(f"{path}: not an Ed25519 private key without a password; `parley key new FILE` makes one")
    if mode & 0o077:
        raise ConfigError(f"{path}: others on this machine may read this key, or replace it; make a new one, or `chmod 600 {path}`")
    return Key(private)


def approvers(lines: Iterable[str]) -> tuple[Approver, ...]:
    """Of lines that fit schemas.approval.APPROVER."""
    parted = (line.split(" ed25519:") for line in lines)
    return tuple(Approver(name, base64.b64decode(key)) for name, key in parted)


def signer(statement: bytes, signature: str, known: Iterable[Approver]) -> str | None:
    """Whose signature this is; None for nobody's of these. Never raises."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return None
    return next((one.name for one in known if _signed(one.key, raw, statement)), None)


def _signed(key: bytes, signature: bytes, statement: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, statement)
    except InvalidSignature:
        return False
    return True
