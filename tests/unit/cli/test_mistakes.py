"""Every mistake a person can make on the command line, with the real program: one clear line on stderr, never a traceback."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import devices, epoch, stop, tell
from coordinator.scripted import ScriptedPlanner
from coordinator.service import CoordinatorIdentity, CoordinatorService
from runtime.broker import EmbeddedBroker, free_port
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.llm.scripted import ScriptedEmbedder
from runtime.mqtt_bus import MqttBus
from runtime.settings import MODELS, BrokerSection, Settings
from runtime.store import MemoryStore
from schemas import topics
from schemas.errors import LinkError
from schemas.messages import Connection, Profile
from schemas.plan import Plan, Step, Who
from schemas.site import Site

ROOT = Path(__file__).parents[3]
FILES = {
    "garbage.jsonl": 'no json\n\n[1]\n{"id": {"a": null}}\n\x00\xff\n{"id": 7, "instruction": 3, "functions": 4, "fleet": 5}',
    "empty.jsonl": "",
    "short.txt": "secret\n",
    "list.json": "[]",
    "words.gguf": "not a model",
    "typo.toml": "[broker]\naddres = 'x'\n",
    "syntax.toml": "site = \n",
    "big.toml": "site = 'Big Site'\n",
    "lone.toml": "[agent]\nid = 'a'\n",
    "address.toml": "[broker]\naddresses = ['nowhere']\n[[agent.devices]]\nid = 'r'\ncatalogue = 'gone.json'\nurl = 'http://127.0.0.1:1'\n",
    "catalogue.toml": "[[agent.devices]]\nid = 'r'\ncatalogue = 'list.json'\nurl = 'http://127.0.0.1:1'\n",
    "site.toml": "[coordinator]\nsite = 'typo.toml'\n",
    "maker.toml": "makers = ['norvik', 'acme']\n",
    "wings.toml": "robots = 2\nwings = 3\n",
    "nolm.toml": "[models]\nlm = 'gone.gguf'\n[coordinator]\nstate_dir = 'state'\n",
    "noembed.toml": "[models]\nembed = 'gone.gguf'\n[agent]\nstate_dir = 'state'\n"
    "[[agent.devices]]\nid = 'r'\ncatalogue = 'kettle.json'\nurl = 'http://127.0.0.1:1'\n",
    "kettle.json": '{"kind": "kettle", "functions": []}',
    "approver.toml": "[agent]\napprovers = ['anna ed25519:AAAA']\n",
    "key.toml": "[operator]\nkey = 'gone.key'\n",
    "fault.toml": "robots = 2\n[[faults]]\nrobot = 'robot-9'\nkind = 'stuck'\n",
}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def parley(folder: Path, *arguments: str, timeout: float = 60.0, environment: Mapping[str, str] | None = None) -> Said:
    """The program as a person starts it, in `folder`."""
    command = [sys.executable, "-c", "from cli.main import run; run()", *arguments]
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **(environment or {})}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, timeout=timeout, check=False)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mistakes")
    for name, text in FILES.items():
        (made / name).write_bytes(text.encode("latin-1"))
    return made


def one_line(said: Said, *parts: str) -> None:
    assert said.code == 1, said
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("parley: ")
    assert [part for part in parts if part not in lines[0]] == [], lines[0]


CASES = [
    ("devices --broker nowhere:", ("'nowhere:'", "HOST:PORT")),
    ("dashboard --broker nowhere:", ("'nowhere:'", "HOST:PORT")),
    ("dashboard", ("needs a terminal",)),
    ("tell hello --broker 127.0.0.1:99999", ("HOST:PORT", "65535")),
    ("broker --broker x:y", ("HOST:PORT",)),
    ("tell hello --broker localhost:abc", ("'localhost:abc'", "HOST:PORT", "65535")),
    ("stop --broker localhost:0", ("'localhost:0'", "HOST:PORT", "65535")),
    ("broker --broker localhost:70000", ("'localhost:70000'", "HOST:PORT", "65535")),
    ("epoch reset --broker localhost:70000", ("'localhost:70000'", "HOST:PORT", "65535")),
    ("sim --out made --broker x:y", ("HOST:PORT",)),
    ("sim --out made --site Nord!", ("--site 'Nord!'",)),
    ("devices --site Nord!", ("--site 'Nord!'",)),
    ("devices --config gone.toml", ("gone.toml", "no such file")),
    ("tell hello --config typo.toml", ("typo.toml", "broker.addres", "unknown key")),
    ("broker --config syntax.toml", ("syntax.toml", "not valid TOML", "line 1")),
    ("stop --config big.toml", ("big.toml", "site")),
    ("devices --config list.json", ("list.json", "not a table")),
    ("agent", ("agent.devices", "docs/configuration.md")),
    ("agent --config lone.toml", ("lone.toml", "agent.devices")),
    ("agent --config address.toml", ("gone.json", "no such file", "agent.devices.catalogue")),
    ("agent --config catalogue.toml", ("list.json",)),
    ("coordinator --config site.toml", ("typo.toml",)),
    ("demo --scenario gone", ("gone", "neither a file nor", "troubles")),
    ("sim --scenario gone.toml --out made", ("gone.toml", "no such file")),
    ("demo --scenario wings.toml", ("wings.toml", "wings", "unknown key", "docs/configuration.md")),
    ("demo --scenario maker.toml", ("maker.toml", "'acme'", "norvik")),
    ("sim --scenario fault.toml --out made", ("fault.toml", "robot-9")),
    ("sim --out list.json", ("--out list.json",)),
    ("schema --out list.json", ("--out list.json",)),
    ("plan --in gone.jsonl", ("gone.jsonl",)),
    ("plan --in empty.jsonl --model gone.gguf", ("gone.gguf", "models.lm")),
    ("plan --in empty.jsonl --model words.gguf", ("words.gguf", "GGUF")),
    ("plan --in empty.jsonl --out empty.jsonl", ("--out empty.jsonl", "overwrite")),
    ("plan --in empty.jsonl --engine abacus", ("'abacus'", "llama.cpp")),
    ("map hello --catalogue gone.json", ("gone.json",)),
    ("map --in empty.jsonl --model gone.gguf", ("gone.gguf", "models.embed")),
    ("map --in gone.jsonl", ("gone.jsonl", "No such file")),
    ("bench map --set gone.jsonl", ("gone.jsonl",)),
    ("bench warehouse --set gone.jsonl", ("gone.jsonl",)),
    ("coordinator --config nolm.toml", ("gone.gguf", "models.lm")),
    ("key show gone.key", ("gone.key", "no such file", "parley key new")),
    ("key new empty.jsonl", ("empty.jsonl", "never overwritten")),
    ("key new made.key --name Anna!", ("--name 'Anna!'",)),
    ("tell hello --key short.txt", ("short.txt", "not an Ed25519 private key")),
    ("mcp --key gone.key", ("gone.key", "no such file")),
    ("dashboard --key list.json", ("list.json", "not an Ed25519 private key")),
    ("agent --config approver.toml", ("approver.toml", "agent.approvers", "NAME ed25519:KEY")),
    ("tell hello --config key.toml", ("gone.key", "no such file")),
    ("sim --out made --approver anna", ("--approver 'anna'", "NAME ed25519:KEY")),
    ("agent --config noembed.toml", ("gone.gguf", "models.embed")),
    ("mcp --http 8765 --stdio", ("--http", "--stdio", "only one")),
    ("mcp --http 8765 --host 0.0.0.0", ("--host 0.0.0.0", "--tokens")),
    ("expert serve smell", ("smell", "line_of_sight")),
    ("expert serve --http 8765 --stdio", ("--http", "--stdio", "only one")),
    ("expert serve --windows nowhere", ("--windows nowhere", "no such folder")),
    ("expert serve --http 8765 --tokens short.txt", ("short.txt", "16 characters")),
    ("expert serve --http 8765 --tokens garbage.jsonl", ("garbage.jsonl", "cannot be read")),
    ("expert serve --http 8765 --tokens gone.txt", ("gone.txt", "cannot be read")),
    ("expert serve --http 8765 --host 0.0.0.0", ("--host 0.0.0.0", "--tokens")),
]


@pytest.fixture(scope="module")
def said(folder: Path) -> Iterator[dict[str, Future[Said]]]:
    """All of them at once: a start costs half a second, most of it waiting."""
    with ThreadPoolExecutor(3) as pool:
        yield {arguments: pool.submit(parley, folder, *arguments.split()) for arguments, _ in CASES}


@pytest.mark.parametrize(("arguments", "parts"), CASES)
def test_a_mistake_is_one_clear_line(arguments: str, parts: tuple[str, ...], said: dict[str, Future[Said]], folder: Path) -> None:
    one_line(said[arguments].result(60), *parts)
    assert not (folder / "made").exists()


def test_nothing_is_asked_of_a_broker_that_is_not_there(folder: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    commands = (["devices"], ["stop"], ["tell", "hello"], ["epoch", "reset"])
    running = [subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", *command, "--broker", address],
        cwd=folder, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) for command in commands]  # fmt: skip
    for process in running:
        out, err = process.communicate(timeout=60)
        one_line(Said(process.returncode, out, err), "no MQTT broker answers", address, "parley broker", "--broker HOST:PORT")


@pytest.mark.parametrize("command", [devices._rows, stop._stop, tell._tell, epoch._reset], ids=lambda c: c.__module__)
async def test_a_one_shot_command_is_refused_within_a_second(command: Callable[..., Awaitable[object]]) -> None:
    address = f"127.0.0.1:{free_port()}"
    settings = Settings(broker=BrokerSection(addresses=(address,)))
    given = {
        devices._rows: {},
        stop._stop: {"devices": [], "latched": True},
        tell._tell: {"text": "", "dry_run": False, "timeout": 9},
        epoch._reset: {"named": None},
    }
    async with asyncio.timeout(1):
        with pytest.raises(LinkError, match=address):
            await command(settings, **given[command])


async def test_a_device_that_nobody_has_is_told_by_name_and_nothing_moves(folder: Path) -> None:
    """From the linker to the person, with the real program and a coordinator beside it."""
    address = f"127.0.0.1:{free_port()}"
    host, _, port = address.partition(":")
    plan = Plan(steps=(Step(who=Who(of="d1"), do=("Go to the dock.",)),))
    async with EmbeddedBroker(host, int(port)), MqttBus([address], "coordinator") as bus, MqttBus([address], "agent") as agents:
        clock = SystemClock()
        identity = CoordinatorIdentity(site="site", coordinator="coordinator", boot="b")
        service = CoordinatorService(identity, bus, Site(), MemoryStore(), clock, ScriptedPlanner(lambda *_: plan), ScriptedEmbedder())
        door = Door(agents, "site", "agent", clock)
        await door.send(topics.AGENT_CONNECTION, "agent", Connection(status="online", boot="a", devices=("robot-1",), heartbeat=60))
        await door.send(topics.PROFILE, "robot-1", Profile(device="robot-1", device_kind="robot", name="robot 1"))
        async with service:
            said = await asyncio.to_thread(parley, folder, "tell", "Robot 9, go to the dock.", "--broker", address)
    assert said.code == 3, said
    assert "robot 9" in said.out.lower() and "robot 1" in said.out
    assert len(said.out.splitlines()) == 1
    assert "Traceback" not in said.err


def test_a_list_in_the_environment_must_be_json(folder: Path) -> None:
    said = parley(folder, "devices", environment={"PARLEY_BROKER__ADDRESSES": "127.0.0.1:1883"})
    one_line(said, "environment", "broker", "JSON")


def test_an_altered_model_is_found_out(folder: Path) -> None:
    """One byte of the weights differs from what the card says."""
    model = shutil.copy(MODELS / "parley-lm.gguf", folder / "lm.gguf")
    shutil.copy(MODELS / "parley-lm.toml", folder / "lm.toml")
    card = (folder / "lm.toml").read_text()
    (folder / "lm.toml").write_text(card.replace('"parley-lm.gguf" =', '"lm.gguf" ='))
    assert "lm.gguf" in tomllib.loads((folder / "lm.toml").read_text())["sha256"]
    with Path(model).open("r+b") as file:
        file.seek(-1000, 2)
        byte = file.read(1)[0]
        file.seek(-1000, 2)
        file.write(bytes([byte ^ 1]))
    one_line(parley(folder, "plan", "--in", "empty.jsonl", "--model", "lm.gguf"), "lm.gguf", "sha256", "lm.toml")


@pytest.mark.parametrize("altered", ["parley-reader-2.gguf", "parley-reader-2-heads.npz"])
def test_an_altered_encoder_or_its_heads_are_found_out(altered: str, folder: Path) -> None:
    models = folder / f"altered-{altered}"
    models.mkdir()
    for name in ("parley-reader-2.gguf", "parley-reader-2-heads.npz", "parley-reader-2.toml"):
        shutil.copy(MODELS / name, models / name)
    with (models / altered).open("r+b") as file:
        file.seek(-1, 2)
        byte = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([byte ^ 1]))
    said = parley(folder, "map", "--in", "empty.jsonl", "--model", str(models / "parley-reader-2.gguf"))
    one_line(said, altered, "sha256", "parley-reader-2.toml", "restore the file")


@pytest.mark.parametrize("arguments", ["demo --robots many", "demo --robots 0", "sim --shelves 0", "demo --wings", "fly", "tell", "plan"])
def test_a_wrong_option_is_a_usage_error(arguments: str, folder: Path) -> None:
    said = parley(folder, *arguments.split())
    assert (said.code, said.out) == (2, "")
    assert "Usage:" in said.err
    assert "Traceback" not in said.err


def test_an_instruction_that_is_too_long_is_told_before_anything_starts(folder: Path) -> None:
    one_line(parley(folder, "demo", "--instruction", "a" * 2001), "2001 characters", "2000")


@pytest.mark.parametrize("command", ["map", "plan"])
def test_garbage_gets_one_line_for_each_line_and_exit_0(command: str, folder: Path) -> None:
    said = parley(folder, command, "--in", "garbage.jsonl")
    assert said.code == 0, said
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["id"] for row in rows] == [None, None, None, {"a": None}, None, 7]
    assert all(row["error"] for row in rows)


def test_an_empty_file_gives_an_empty_answer(folder: Path) -> None:
    assert parley(folder, "plan", "--in", "empty.jsonl") == Said(0, "", "")


def test_help_comes_at_once_and_loads_nothing_heavy(folder: Path) -> None:
    heavy = ("numpy", "llama_cpp", "faiss", "amqtt", "aiomqtt", "httpx", "pydantic", "asyncio")
    code = "import sys; sys.argv = ['parley', '--help']\nfrom cli.main import app\ntry: app()\nexcept SystemExit: pass\n"
    code += f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr.strip() == "[]"
    assert "agent.devices" in done.stdout


def test_json_is_one_value_and_nothing_else(folder: Path) -> None:
    said = parley(folder, "schema")
    assert (said.code, said.err) == (0, "")
    assert isinstance(json.loads(said.out), dict)


def test_what_a_broker_without_a_fleet_says_to_a_person(folder: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    broker = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "broker", "--broker", address],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert broker.stderr is not None
        assert broker.stderr.readline() == f"broker listening on {address}\n"
        stopped = parley(folder, "stop", "robot-9", "--broker", address)
        one_line(stopped, "unknown device 'robot-9'", "known: none")
        one_line(parley(folder, "epoch", "reset", "--broker", address), "no coordinator is online", "parley coordinator")
        one_line(parley(folder, "stop", "--broker", address), "no device is known")
        one_line(parley(folder, "tell", "hello", "--broker", address), "no coordinator is online", "parley coordinator")
        one_line(parley(folder, "broker", "--broker", address), address, "cannot listen")
        assert parley(folder, "devices", "--json", "--broker", address) == Said(0, "[]\n", "")
    finally:
        broker.send_signal(2)
        out, err = broker.communicate(timeout=20)
    assert (broker.returncode, out, err) == (130, "", "")
