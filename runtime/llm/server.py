"""Any model behind an OpenAI-compatible server (llama.cpp's and llama-cpp-python's own, vLLM, LM Studio, Ollama), by its `/completions`.

`grammar` is llama.cpp's addition to that interface: a server that does not know it leaves the answer unbound, and whoever asked must judge the text.
Log probabilities are asked for until the server says that it keeps none; then `probability` is None, which counts as unsure.
"""

from __future__ import annotations

import math
import os
import time
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, Field, ValidationError

from runtime.llm.protocol import Generation
from runtime.meters import METERS
from schemas.errors import ConfigError, ModelError

KEY = "PARLEY_SERVER_KEY"
"""Environment variable with the server's bearer token."""
TIMEOUT = 120.0
_REFUSED = frozenset({400, 422, 500, 501})
"""What servers answer that cannot give log probabilities."""


class _Logs(BaseModel):
    token_logprobs: list[float | None] | None = None


class _Choice(BaseModel):
    text: str = ""
    finish_reason: str | None = None
    logprobs: _Logs | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    """What is read of an answer; servers add much."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class ServerModel:
    """Synchronous; in the place of runtime.llm.llama_cpp.decoder.Decoder. Raises ConfigError for a URL that is none."""

    def __init__(self, url: str, model: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{url!r}: not the base address of a model's server, such as http://127.0.0.1:8000/v1 (--url, models.server)")
        key = os.environ.get(KEY)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # Proxies of the environment are not for devices' models: the server named is the one that is asked.
        self._client = httpx.Client(base_url=url.rstrip("/") + "/", timeout=TIMEOUT, headers=headers, transport=transport, trust_env=False)
        self._client.event_hooks = {"response": [_count]}
        self._url, self._model, self._tells = url, model, True

    @property
    def name(self) -> str:
        return self._model or self._url

    def generate(self, prompt: str, grammar: str | None, max_tokens: int) -> Generation:
        """The likeliest continuation. Raises ModelError when the server cannot be reached or refuses."""
        began = time.perf_counter()
        asked: dict[str, Any] = {"prompt": prompt, "max_tokens": max_tokens, "temperature": 0.0, "stop": ["\n"]}
        asked |= {"grammar": grammar} if grammar is not None else {}
        asked |= {"model": self._model} if self._model else {}
        answered = self._complete(asked)
        choice, usage = answered.choices[0], answered.usage or _Usage()
        METERS.computed(usage.prompt_tokens + usage.completion_tokens, time.perf_counter() - began)
        return Generation(
            text=choice.text, prompt_tokens=usage.prompt_tokens, tokens=usage.completion_tokens, ms=(time.perf_counter() - began) * 1e3,
            probability=_probability(choice), stopped=choice.finish_reason != "length",
        )  # fmt: skip

    def check(self) -> None:
        """Raises ModelError when nothing answers there, refuses the token, or is no such server (yet)."""
        response = self._ask("GET", "models")
        if response.status_code in (401, 403):
            raise ModelError(f"{self._url}: the model's server refuses ({response.status_code}); its token goes into {KEY}")
        if response.is_error:
            raise ModelError(f"{self._url}: answers {response.status_code} to a question for its models; a base address ends in /v1 as a rule")

    def _complete(self, asked: dict[str, Any]) -> _Completion:
        if self._tells:
            response = self._ask("POST", "completions", {**asked, "logprobs": 1})
            if response.status_code not in _REFUSED:
                return _body(response, self._url)
            self._tells = False
        return _body(self._ask("POST", "completions", asked), self._url)

    def _ask(self, method: str, path: str, asked: dict[str, Any] | None = None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=asked)
        except httpx.HTTPError as error:
            raise ModelError(f"{self._url}: no answer from the model's server ({type(error).__name__}: {error})") from None

    def close(self) -> None:
        self._client.close()


def _count(response: httpx.Response) -> None:
    METERS.answered(response.request, response)


def _body(response: httpx.Response, url: str) -> _Completion:
    if response.is_error:
        raise ModelError(f"{url}: the model's server answered {response.status_code}: {response.text[:200]}")
    try:
        return _Completion.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{url}: the model's server answered no completion ({'.'.join(map(str, first['loc']))}: {first['msg']})") from None


def _probability(choice: _Choice) -> float | None:
    """Geometric mean over the tokens; None when the server told none."""
    known = [x for x in (choice.logprobs.token_logprobs if choice.logprobs else None) or () if x is not None]
    return math.exp(min(0.0, sum(known) / len(known))) if known else None
