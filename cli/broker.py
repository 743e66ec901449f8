"""`parley broker`: the embedded MQTT broker."""

from __future__ import annotations

from cli.console import BrokerOption, ConfigOption, run_async, say, settings_for


def broker(broker: BrokerOption = None, config: ConfigOption = None) -> None:
    """Run the embedded broker (MQTT 3.1.1) until Ctrl-C. For production use Mosquitto, EMQX or NATS."""
    settings = settings_for(config, broker, service=True)
    run_async(_serve(settings.broker.addresses[0]))


async def _serve(address: str) -> None:
    import asyncio

    from runtime.broker import EmbeddedBroker
    from runtime.mqtt_bus import parse_broker

    host, port = parse_broker(address)
    async with EmbeddedBroker(host, port) as running:
        say(f"broker listening on {running.address}")
        await asyncio.Event().wait()
