"""`parley map`: one sentence and one device's functions → one typed call; nothing is executed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import JsonOption, emit, emit_json, say, sink

if TYPE_CHECKING:
    from device_agent.interpreter import Reader

PROGRESS = 200
"""Cases between two lines of progress."""

ENGINES = ("encoder", "chat", "server")
ModelOption = Annotated[Path | None, typer.Option("--model", help="GGUF: an encoder, its heads beside it; with --engine chat an instruct model.")]
EngineOption = Annotated[
    str, typer.Option("--engine", help="encoder: the shipped reader; chat: --model writes the call; server: the one at --url writes it.")
]
UrlOption = Annotated[str | None, typer.Option("--url", help="OpenAI-compatible server, such as http://127.0.0.1:8000/v1.")]


def map_sentences(
    sentence: Annotated[str | None, typer.Argument(help="One sentence, with --catalogue.")] = None,
    cases: Annotated[Path | None, typer.Option("--in", help="Cases, one JSON object a line.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Predictions, one JSON object a line; default stdout.")] = None,
    catalogue: Annotated[Path | None, typer.Option("--catalogue", help="Functions of the device (JSON), for one sentence.")] = None,
    model: ModelOption = None,
    engine: EngineOption = "encoder",
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """Say which call a sentence asks for. Exit 0 whenever it could run, also when no call may be made."""
    _check(sentence, cases, out, catalogue)
    source = Source.of(engine, model, url)
    if cases is not None:
        _map_file(cases, out, source)
    elif sentence is not None and catalogue is not None:
        _map_one(sentence, catalogue, source, json)


def _check(sentence: str | None, cases: Path | None, out: Path | None, catalogue: Path | None) -> None:
    from schemas.errors import ConfigError

    if (sentence is None) == (cases is None):
        raise ConfigError('give either "sentence" --catalogue FILE, or --in FILE')
    if sentence is not None and catalogue is None:
        raise ConfigError("a sentence needs --catalogue FILE")
    if sentence is not None and out is not None:
        raise ConfigError("--out: only with --in; one sentence is answered on stdout")
    if cases is not None and catalogue is not None:
        raise ConfigError("--catalogue: only with one sentence; each case of --in has its own functions")
    if cases is not None and out is not None and out.resolve() == cases.resolve():
        raise ConfigError(f"--out {out}: would overwrite --in")


@dataclass(frozen=True)
class Source:
    """Where calls come from: the encoder file, and what writes calls in its place (a GGUF, a server's URL) if anything does."""

    embed: Path
    threads: int
    writer: Path | str | None = None

    @classmethod
    def of(cls, engine: str, model: Path | None, url: str | None) -> Source:
        """Of the command line and the configuration. Raises ConfigError for a combination that means nothing."""
        from runtime.settings import load
        from schemas.errors import ConfigError

        if engine not in ENGINES:
            raise ConfigError(f"--engine {engine!r}: choose {', '.join(ENGINES[:-1])} or {ENGINES[-1]}")
        if (engine == "server") != (url is not None):
            raise ConfigError("--engine server needs --url" if url is None else "--url: only with --engine server")
        if engine == "server" and model is not None:
            raise ConfigError("--model: not with --engine server, which has its own")
        models = load(None).models
        if engine == "encoder":
            return cls(model or models.embed, models.threads)
        return cls(models.embed, models.threads, url or model or models.reader or models.lm)

    @property
    def name(self) -> str:
        return self.writer if isinstance(self.writer, str) else (self.writer or self.embed).name

    @property
    def weights_mb(self) -> float:
        """Of the file that answers; 0 for a server's."""
        return 0.0 if isinstance(self.writer, str) else (self.writer or self.embed).stat().st_size / 1e6

    def open(self) -> Reader:
        """Raises ConfigError; ModelError when a server does not answer."""
        from device_agent.reader_mapper import open_reader
        from runtime.llm.server import ServerModel

        if isinstance(self.writer, str):
            with closing(ServerModel(self.writer)) as server:
                server.check()
        return open_reader(self.embed, self.threads, self.writer)


def open_cases(source: Source) -> Any:
    """A CaseMapper. Raises ConfigError; ModelError when a server does not answer."""
    from cli.map_cases import CaseMapper

    return CaseMapper(source.open())


def _map_file(cases: Path, out: Path | None, source: Source) -> None:
    from schemas.errors import ConfigError

    try:
        with cases.open("rb") as lines:
            mapper = open_cases(source)
            with sink(out) as file:
                done = 0
                for done, line in enumerate(mapper.lines(lines), 1):
                    file.write(line + "\n")
                    if done % PROGRESS == 0:
                        say(f"{done} cases")
    except OSError as error:
        raise ConfigError(f"{error.filename or out or cases}: {error.strerror or error}") from None
    if out is not None:
        say(f"{done} cases → {out}")


def _map_one(sentence: str, catalogue: Path, source: Source, json: bool) -> None:
    functions = read_catalogue(catalogue)
    predicted = open_cases(source).case({"instruction": sentence, "functions": functions})
    predicted.pop("id")
    if json:
        emit_json(predicted)
    else:
        emit(for_people(predicted))


def read_catalogue(path: Path) -> Any:
    """Function entries from a list, or from an object with `functions` or (as MCP answers) `tools`. Raises ConfigError."""
    import json

    from device_agent.paper_format import read_functions
    from schemas.errors import ConfigError, ContractError

    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        entries = data.get("functions", data.get("tools")) if isinstance(data, dict) else data
        read_functions(entries)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError, ContractError) as error:
        raise ConfigError(f"{path}: not a catalogue ({error})") from None
    return entries


def for_people(predicted: dict[str, Any]) -> str:
    """`set_speed(value=3)   act 0.97`, or why there is no call."""
    import json

    said = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in predicted["arguments"].items())
    call = f"{predicted['name']}({said})" if predicted["name"] is not None else "no call"
    why = "".join(f"   {predicted[key]}" for key in ("reason", "error") if key in predicted)
    return f"{call}   {predicted['decision']} {predicted['confidence']:.2f}{why}"
