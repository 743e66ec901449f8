"""`parley tell "…"`: one instruction to a running fleet, and its answer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, JsonOption, SiteOption, emit, emit_json, run_async, say, settings_for


def tell(
    instruction: Annotated[str, typer.Argument(help="What you want, in plain language.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; nothing moves.")] = False,
    json: JsonOption = False,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the answer.")] = 600.0,
) -> None:
    """Tell the fleet what to do. Exit 0: answered or done; 3: honestly incomplete, a question or a refusal; 1: otherwise."""
    settings = settings_for(config, broker, site)
    answer = run_async(_tell(settings, instruction, dry_run, timeout))
    if json:
        emit_json(as_json(answer))
    else:
        from cli.transcript import paragraphs

        emit(paragraphs(answer.text))
    raise typer.Exit(0 if answer.complete else 3)


def as_json(answer: Any) -> dict[str, Any]:
    """The interface's object: answer, facts, outcomes."""
    dumped = answer.model_dump(mode="json", exclude_none=True)
    return {"answer": answer.text, "kind": answer.intent, "complete": answer.complete, "facts": dumped["facts"], "outcomes": dumped["outcomes"]}


async def _tell(settings: Any, text: str, dry_run: bool, timeout: float) -> Any:
    from cli.operator import connect
    from cli.transcript import line

    async with connect(settings.broker.addresses, settings.site, settings.broker.username, settings.broker.password) as operator:

        def show(address: Any, envelope: Any) -> None:
            said = line(address, envelope) if address.topic.role != "operator" else None
            if said:
                say(said)

        return await operator.tell(text, dry_run=dry_run, timeout=timeout, show=show)
