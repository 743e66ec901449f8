"""`parley coordinator`: instruction → plan → subtasks → answer."""

from __future__ import annotations

from typing import Any

from cli.console import BrokerOption, ConfigOption, SiteOption, expert_access, run_async, say, settings_for


def coordinator(config: ConfigOption = None, broker: BrokerOption = None, site: SiteOption = None) -> None:
    """Run the coordinator of one site until Ctrl-C."""
    settings = settings_for(config, broker, site, service=True)
    run_async(_serve(settings))


def load_site(settings: Any) -> Any:
    """The site model from its TOML or JSON file, or an empty one."""
    from runtime.settings import load_model
    from schemas.site import Site

    path = settings.coordinator.site
    return load_model(path, Site) if path is not None else Site(id=settings.site)


async def _serve(settings: Any) -> None:
    from coordinator.gist import open_kinds
    from coordinator.ledger import Timing
    from coordinator.planner import LanguagePlanner
    from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService, coordinator_will
    from runtime.clock import SystemClock
    from runtime.llm.embedder import open_embedder
    from runtime.llm.llama_cpp.generator import LlamaEngine
    from runtime.mqtt_bus import MqttBus
    from runtime.store import SqliteStore

    section, clock, site = settings.coordinator, SystemClock(), load_site(settings)
    embedder = open_embedder(settings.models.embed, settings.models.threads)
    engine = LlamaEngine(settings.models.lm, threads=settings.models.threads)
    planner = LanguagePlanner(engine, open_kinds(settings.models.embed, embedder))
    store = SqliteStore(section.state_dir / f"{section.id}.db")
    identity = CoordinatorIdentity(site=settings.site, coordinator=section.id, boot=clock.uuid7(), heartbeat=section.heartbeat)
    timing = Timing(start=section.subtask_start, deadline=section.subtask_deadline)
    options = CoordinatorOptions(
        round_period=section.round_period, round_timeout=section.round_timeout, timing=timing, experts=expert_access(settings)
    )
    bus = MqttBus(
        settings.broker.addresses, identity.coordinator, will=coordinator_will(identity, clock), username=settings.broker.username,
        password=settings.broker.password,
    )  # fmt: skip
    try:
        async with (
            bus,
            CoordinatorService(identity, bus, site, store, clock, planner, embedder, options) as service,
        ):
            await service.ready()
            say(f"coordinator {identity.coordinator} is ready")
            await service.wait()
    finally:
        await engine.close()
        await embedder.close()
        store.close()
