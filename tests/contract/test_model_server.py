"""The OpenAI-compatible engine against llama-cpp-python's own server: a real process, a real socket, the shipped planner's weights."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from device_agent.call_prompt import call_prompt, call_schema
from runtime.llm.grammar import grammar_of
from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.server import KEY, ServerModel
from runtime.settings import MODELS
from schemas.errors import ConfigError, ModelError
from schemas.skills import Function

LM = MODELS / "parley-lm.gguf"
READ = Function(name="read_temperature", description="Reads the temperature.", safety="read")
PROMPT, GRAMMAR = call_prompt([READ], "How warm is it?"), grammar_of(call_schema([READ]))


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = ["--model", str(LM), "--host", "127.0.0.1", "--port", str(port), "--n_ctx", "1024", "--logits_all", "true"]
    process = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *told], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/v1"
    try:
        _await(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        try:
            if httpx.get(f"{url}/models", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


def test_a_served_model_writes_what_the_same_model_writes_here(served: str):
    here, there = Decoder(LM, 1024), ServerModel(served)
    try:
        own, theirs = here.generate(PROMPT, GRAMMAR, 64), there.generate(PROMPT, GRAMMAR, 64)
    finally:
        here.close()
        there.close()
    assert (theirs.text, theirs.stopped) == (own.text, own.stopped)
    assert theirs.probability is not None and 0.0 < theirs.probability <= 1.0
    assert theirs.prompt_tokens > 0 and theirs.tokens > 0


def test_what_is_cut_short_says_so(served: str):
    assert not ServerModel(served).generate(PROMPT, GRAMMAR, 2).stopped


def test_parley_map_asks_the_server(served: str, tmp_path):
    catalogue = tmp_path / "device.json"
    catalogue.write_text('[{"name": "read_temperature", "description": "Reads the temperature."}]', encoding="utf-8")
    told = CliRunner().invoke(app, ["map", "How warm is it?", "--catalogue", str(catalogue), "--engine", "server", "--url", served, "--json"])
    assert told.exit_code == 0, told.output
    assert '"read_temperature"' in told.output


def test_a_server_that_is_not_there_is_an_error_of_the_model():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelError, match="no answer from the model's server"):
        ServerModel(url).generate("x", None, 4)


def test_parley_map_says_that_the_server_is_not_there(tmp_path: Path):
    catalogue = tmp_path / "device.json"
    catalogue.write_text('[{"name": "read_temperature", "description": "Reads the temperature."}]', encoding="utf-8")
    told = [sys.executable, "-m", "cli.main", "map", "How warm is it?", "--catalogue", str(catalogue), "--engine", "server", "--url"]
    run = subprocess.run([*told, "http://127.0.0.1:9/v1"], capture_output=True, text=True, check=False)
    assert (run.returncode != 0, run.stdout) == (True, "")
    assert "no answer from the model's server" in run.stderr
    assert "Traceback" not in run.stderr


def test_an_address_beside_the_servers_own_is_told():
    model = ServerModel("http://127.0.0.1:1/", transport=_scripted([httpx.Response(404)], []))
    with pytest.raises(ModelError, match="/v1"):
        model.check()


def test_a_server_that_refuses_the_token_says_where_it_goes():
    model = ServerModel("http://127.0.0.1:1/v1", transport=_scripted([httpx.Response(401)], []))
    with pytest.raises(ModelError, match=KEY):
        model.check()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://x/v1", "http://"])
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(ConfigError, match="base address"):
        ServerModel(url)


def _scripted(answers: list[httpx.Response], seen: list[httpx.Request]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answers[min(len(seen), len(answers)) - 1]

    return httpx.MockTransport(answer)


def test_a_server_that_keeps_no_probabilities_is_asked_for_them_once_and_counts_as_unsure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(KEY, "secret")
    seen = list[httpx.Request]()
    plain = httpx.Response(200, json={"choices": [{"text": "{}", "finish_reason": "stop"}]})
    model = ServerModel("http://127.0.0.1:1/v1", "tiny", _scripted([httpx.Response(500, text="no logprobs"), plain, plain], seen))
    assert [model.generate("x", 'root ::= "{}"', 4).probability for _ in range(2)] == [None, None]
    assert [b'"logprobs"' in r.content for r in seen] == [True, False, False]
    assert all(b'"model":"tiny"' in r.content and b'"grammar"' in r.content for r in seen)
    assert {r.headers["authorization"] for r in seen} == {"Bearer secret"}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, text="nothing here"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"choices": []}),
        httpx.Response(200, json={"choices": "many"}),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_the_model(answer: httpx.Response):
    with pytest.raises(ModelError, match="model's server answered"):
        ServerModel("http://127.0.0.1:1/v1", transport=_scripted([answer], [])).generate("x", None, 4)
