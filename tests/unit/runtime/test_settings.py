"""A configuration mistake names the file, the key and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runtime.settings import load
from schemas.errors import ConfigError


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "parley.toml"
    path.write_text(text)
    return path


def test_defaults_need_no_file() -> None:
    assert load(None).broker.addresses == ("127.0.0.1:1883",)


def test_relative_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        'site = "lab"\n[models]\nlm = "x.gguf"\n[agent]\nstate_dir = "state"\n[[agent.devices]]\nid = "r1"\ncatalogue = "c.json"\nurl = "http://127.0.0.1:1"\n',
    )
    settings = load(path)
    assert settings.site == "lab" and settings.models.lm == tmp_path / "x.gguf"
    assert settings.agent.devices[0].catalogue == tmp_path / "c.json" and settings.agent.state_dir == tmp_path / "state"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[broker]\naddres = 1\n", r"broker\.addres: unknown key"),
        ("site = 'Big Site'\n", "site: "),
        ("[agent]\nheartbeat = -1\n", r"agent\.heartbeat: "),
        ("x = [\n", "not valid TOML"),
        ("agent = 3\n", "agent: "),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        load(_write(tmp_path, text))
    assert "parley.toml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        load(tmp_path / "nowhere.toml")


def test_the_environment_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PRIVACY__LEVEL", "operator")
    assert load(_write(tmp_path, "[privacy]\nlevel = 'closed'\n")).privacy.level == "operator"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ('url = "mqtt:acme/line/scale"', ""),
        ('url = "https://scale.example/mcp"\ntoken = "t"', ""),
        ('url = "mqtt:acme/#"', "http://…, https://… or mqtt:"),
        ('url = "mqtt:"', "http://…, https://… or mqtt:"),
        ('url = "127.0.0.1:3000"', "http://…, https://… or mqtt:"),
        ('url = "mqtt:scale"\ntoken = "t"', "token is for a url of http"),
        ('command = ["scale"]\ntoken = "t"', "token is for a url of http"),
        ('command = ["scale"]\nurl = "mqtt:scale"', "only one of them"),
    ],
)
def test_an_mcp_server_is_a_command_or_an_address_over_http_or_on_the_broker(tmp_path: Path, told: str, problem: str) -> None:
    path = _write(tmp_path, f'[[agent.devices]]\nid = "scale"\ndriver = "mcp"\n{told}\n')
    if not problem:
        assert load(path).agent.devices[0].url
        return
    with pytest.raises(ConfigError, match=re.escape(problem)):
        load(path)
