"""`parley coordinator`: instruction → plan → subtasks → answer."""

from __future__ import annotations

from typing import Any

from cli.console import BrokerOption, ConfigOption, SiteOption, run_async, say, settings_for


def coordinator(config: ConfigOption = None, broker: BrokerOption = None, site: SiteOption = None) -> None:
    """Run the coordinator of one site until Ctrl-C."""
    settings = settings_for(config, broker, site)
    run_async(_serve(settings))


def load_site(settings: Any) -> Any:
    """The site model from its TOML file, or an empty one."""
    from runtime.settings import load_model
    from schemas.site import Site

    path = settings.coordinator.site
    return load_model(path, Site) if path is not None else Site(id=settings.site)


async def _serve(settings: Any) -> None:
    from coordinator.planner import LanguagePlanner
    from coordinator.service import CoordinatorOptions, CoordinatorService, coordinator_will
    from runtime.clock import SystemClock
    from runtime.llm.embedder import open_embedder
    from runtime.llm.llama_cpp.generator import LlamaEngine
    from runtime.mqtt_bus import MqttBus
    from runtime.store import SqliteStore

    clock = SystemClock()
    site = load_site(settings)
    engine = LlamaEngine(settings.models.lm, threads=settings.models.threads)
    embedder = open_embedder(settings.models.embed, settings.models.threads)
    store = SqliteStore(settings.coordinator.state_dir / f"{settings.coordinator.id}.db")
    del site, engine, embedder, store, clock, MqttBus, CoordinatorOptions, CoordinatorService, coordinator_will, LanguagePlanner, say
