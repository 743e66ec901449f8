"""What this process has computed with language models and what it has sent to other networks, counted at the doors where it happens.

Other processes learn of it by the heartbeats (schemas.messages.Use).
"""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass, field
from typing import Any

from schemas.messages import Use


def leaves(address: str) -> bool:
    """Whether what is sent there leaves the site: an IP address that is neither this machine's nor of a private network (RFC 1918, RFC 4193)."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


@dataclass
class Meters:
    """Any thread may count. `tokens` read or written by models, `busy` s that it took them; `left`: bytes to addresses outside of the site."""

    tokens: int = 0
    busy: float = 0.0
    left: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def computed(self, tokens: int, seconds: float) -> None:
        with self._lock:
            self.tokens += tokens
            self.busy += seconds

    def sent(self, address: str, size: int) -> None:
        """So many bytes, to this IP address."""
        if leaves(address):
            with self._lock:
                self.left += size

    def answered(self, request: Any, response: Any) -> None:
        """A request of httpx or httpx2: its address, headers and body. To be told as soon as the answer's headers are there: later nobody knows the
        other side any more. What was never answered is not counted."""
        stream = response.extensions.get("network_stream")
        peer: Any = stream.get_extra_info("server_addr") if stream is not None else None
        if peer:
            head = sum(len(key) + len(value) + 4 for key, value in request.headers.raw) + len(request.url.raw_path)
            self.sent(str(peer[0]), head + int(request.headers.get("content-length", 0)))

    def use(self) -> Use:
        """As it is told to others."""
        with self._lock:
            return Use(tokens=self.tokens, busy=round(self.busy, 3), left=self.left)


METERS = Meters()
"""Of this process."""
