"""`parley tell "…"`: one instruction to a running fleet, and its answer."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cli.console import (
    BrokerOption,
    ConfigOption,
    JsonOption,
    KeyOption,
    SiteOption,
    emit,
    emit_json,
    run_async,
    say,
    say_part,
    settings_for,
    sign_of,
)


def tell(
    instruction: Annotated[str, typer.Argument(help="What you want, in plain language.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; nothing moves.")] = False,
    json: JsonOption = False,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
    key: KeyOption = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the answer.")] = 600.0,
) -> None:
    """Tell the fleet what to do. Exit 0: answered or done; 3: honestly incomplete, a question or a refusal; 1: otherwise."""
    settings = settings_for(config, broker, site)
    answer = run_async(_tell(settings, instruction, dry_run, timeout, asks=not json and interactive(), sign=sign_of(settings, key)))
    if json:
        emit_json(as_json(answer))
    else:
        from runtime.plain import paragraphs

        emit(paragraphs(answer.text))
    raise typer.Exit(0 if answer.complete else 3)


def as_json(answer: Any) -> dict[str, Any]:
    """The interface's object: answer, facts, outcomes."""
    dumped = answer.model_dump(mode="json", exclude_none=True)
    return {"answer": answer.text, "kind": answer.intent, "complete": answer.complete, "facts": dumped["facts"], "outcomes": dumped["outcomes"]}


async def _tell(settings: Any, text: str, dry_run: bool, timeout: float, asks: bool = False, sign: Any = None) -> Any:
    from runtime.operator import NO_KEY, connect
    from runtime.transcript import Transcript
    from schemas.messages import Ask

    transcript = Transcript()
    told = settings.broker
    async with connect(told.addresses, settings.site, told.username, told.password, sign=sign) as operator:

        def show(address: Any, envelope: Any) -> None:
            said = transcript.line(address, envelope) if address.topic.role != "operator" else None
            if said:
                say(said)
            if asks and isinstance(envelope.body, Ask) and operator.lacks_key(envelope.body.to_sign):
                say(NO_KEY)

        return await operator.tell(text, dry_run=dry_run, timeout=timeout, show=show, reply=_reply if asks else None)


def interactive() -> bool:
    """Whether a person sits at the terminal and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def _reply(question: str) -> str | None:
    """The person's line; None for an empty one or the end of input. Waits without a thread, so that Ctrl-C ends it."""
    import asyncio

    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()
    say_part("> ")
    loop.add_reader(sys.stdin.fileno(), lambda: typed.done() or typed.set_result(sys.stdin.readline()))
    try:
        return (await typed).strip() or None
    finally:
        loop.remove_reader(sys.stdin.fileno())
