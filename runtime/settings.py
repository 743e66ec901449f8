"""One TOML file, read only at the entry points; every part of the system gets its own small frozen section.

Environment variables `PARLEY_<SECTION>__<KEY>` override the file (pydantic-settings).
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from schemas.approval import APPROVER
from schemas.base import Frozen
from schemas.errors import ConfigError
from schemas.ids import WireId

MODELS = Path(__file__).resolve().parent.parent / "models"


_SERVER = re.compile(r"https?://\S+|mqtt:[^\s/+#$][^+#\x00]{0,199}")


class BrokerSection(Frozen):
    """Addresses are tried in turn."""

    addresses: tuple[str, ...] = ("127.0.0.1:1883",)
    username: str | None = None
    password: str | None = None


class ModelSection(Frozen):
    """GGUF files; a relative path is relative to the configuration file."""

    embed: Path = MODELS / "parley-reader-2.gguf"
    lm: Path = MODELS / "parley-lm.gguf"
    reader: Path | None = None
    """An instruct model that writes agents' calls in the encoder's place."""
    server: str | None = None
    """Base URL of an OpenAI-compatible server that writes them."""
    threads: int = Field(default=1, ge=1, le=64)


class PrivacySection(Frozen):
    level: Literal["closed", "operator", "open"] = "closed"


class DeviceSection(Frozen):
    """One device that an agent hosts. `catalogue`: a file with the maker's API; `url`: where that API answers.

    With `driver = "mcp"` an MCP server: by `command`, or by `url`, which is http with a bearer `token`, or `mqtt:<name>` on the broker. `tools`: what
    each may do; the others count as irreversible.
    `catalogue` is then what the site adds to the server's own tools; `kind` and `abilities` are how the site calls it.
    """

    id: WireId
    name: str = ""
    aliases: tuple[str, ...] = ()
    place: WireId | None = None
    driver: Literal["http", "mcp"] = "http"
    catalogue: Path | None = None
    url: str = ""
    token: str | None = None
    command: tuple[str, ...] = ()
    kind: str = ""
    abilities: tuple[str, ...] = ()
    tools: dict[str, Literal["read", "reversible", "irreversible", "forbidden"]] = {}

    @model_validator(mode="after")
    def _whole(self) -> DeviceSection:
        if self.driver == "http" and (self.catalogue is None or not self.url):
            raise ValueError("driver http needs a catalogue and a url")
        if self.driver == "mcp" and bool(self.command) == bool(self.url):
            raise ValueError("driver mcp needs a command or a url, and only one of them")
        if self.driver == "http" and (self.command or self.tools or self.kind or self.abilities or self.token):
            raise ValueError("command, tools, kind, abilities and token are for driver mcp")
        if self.driver == "mcp" and self.url and not _SERVER.fullmatch(self.url):
            raise ValueError("url: of an MCP server http://…, https://… or mqtt:<its name on the broker> is expected")
        if self.token is not None and not self.url.startswith("http"):
            raise ValueError("token is for a url of http or https")
        return self


class AgentSection(Frozen):
    id: WireId = "agent"
    state_dir: Path = Path(".parley")
    heartbeat: float = Field(default=5.0, gt=0)
    refresh: float = Field(default=1.0, gt=0)
    devices: tuple[DeviceSection, ...] = ()
    allow_irreversible: tuple[str, ...] = ()
    """Names of irreversible functions that the site's policy allows without approval."""
    approvers: tuple[str, ...] = ()
    """Whose signed yes sets the other irreversible ones going: NAME ed25519:KEY. Nobody named: anybody's who may publish."""

    @field_validator("approvers")
    @classmethod
    def _known(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        if any(not APPROVER.fullmatch(line) for line in lines):
            raise ValueError("an approver is written NAME ed25519:KEY, the line that `parley key new` prints")
        return lines


class OperatorSection(Frozen):
    """Of whoever starts dashboard, tell or mcp."""

    key: Path | None = None
    """The file of the key with which approvals are signed."""


class CoordinatorSection(Frozen):
    id: WireId = "coordinator"
    state_dir: Path = Path(".parley")
    site: Path | None = None
    round_period: float = Field(default=5.0, gt=0)
    round_timeout: float = Field(default=2.0, gt=0)
    heartbeat: float = Field(default=5.0, gt=0)
    subtask_start: float = Field(default=60.0, gt=0)
    subtask_deadline: float = Field(default=600.0, gt=0)


class ExpertsSection(Frozen):
    token: str | None = None
    """Bearer token of experts that are served with --tokens."""


class LogSection(Frozen):
    level: Literal["debug", "info", "warning", "error"] = "warning"
    json_lines: bool = False


class Settings(BaseSettings):
    """The whole configuration of one site, as each process sees it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="PARLEY_", env_nested_delimiter="__")

    site: WireId = "site"
    broker: BrokerSection = BrokerSection()
    models: ModelSection = ModelSection()
    privacy: PrivacySection = PrivacySection()
    agent: AgentSection = AgentSection()
    coordinator: CoordinatorSection = CoordinatorSection()
    operator: OperatorSection = OperatorSection()
    experts: ExpertsSection = ExpertsSection()
    logs: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def read_toml(path: Path) -> dict[str, Any]:
    """The TOML (or, by its suffix, JSON) file as a dict. Raises ConfigError naming file and line."""
    try:
        text = path.read_text(encoding="utf-8")
        read: Any = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    if not isinstance(read, dict):
        raise ConfigError(f"{path}: not a table of keys and values")
    return cast("dict[str, Any]", read)


def explain(path: Path | str, error: ValidationError) -> ConfigError:
    """The first thing wrong, as `file: key: what`."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    what = "unknown key; see docs/configuration.md" if first["type"] == "extra_forbidden" else first["msg"]
    return ConfigError(f"{path}: {key or 'file'}: {what}")


def load(path: Path | None) -> Settings:
    """Settings from a TOML file (None = defaults and environment). Relative paths count from the file's folder. Raises ConfigError."""
    data = read_toml(path) if path else {}
    try:
        settings = Settings.model_validate(_absolute(data, path.parent)) if path else Settings()
    except ValidationError as error:
        raise explain(path or "environment", error) from None
    except SettingsError as error:
        raise ConfigError(f"environment: {error}; lists and tables are written as JSON") from None
    return settings


_PATH_KEYS = (
    ("models", "embed"), ("models", "lm"), ("models", "reader"), ("agent", "state_dir"), ("coordinator", "state_dir"), ("coordinator", "site"),
    ("operator", "key"),
)  # fmt: skip


def _absolute(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths of the file count from its folder; odd shapes are left to validation."""
    out = {key: _table(value) or value for key, value in data.items()}
    for section, key in _PATH_KEYS:
        _join(_table(out.get(section)), key, folder, into=out.get(section))
    devices = _table(out.get("agent")).get("devices")
    for device in cast("list[Any]", devices) if isinstance(devices, list) else []:
        _join(_table(device), "catalogue", folder, into=device)
    return out


def _table(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _join(table: dict[str, Any], key: str, folder: Path, into: Any) -> None:
    if isinstance(table.get(key), str):
        into[key] = folder / table[key]


M = TypeVar("M", bound=Frozen)


def load_model(path: Path, kind: type[M]) -> M:
    """A frozen model from a TOML file. Raises ConfigError naming file and key."""
    try:
        return kind.model_validate(read_toml(path))
    except ValidationError as error:
        raise explain(path, error) from None
