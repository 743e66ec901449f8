"""`parley epoch reset`: which coordinator is meant, and the one line that is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import epoch
from cli.main import app
from schemas.errors import ConfigError
from schemas.messages import Answer


def test_the_only_coordinator_is_meant_and_of_several_the_one_that_is_named() -> None:
    assert epoch.one_of(["a"], None) == "a"
    assert epoch.one_of(["a", "b"], "b") == "b"
    with pytest.raises(ConfigError, match=r"a, b are online.*--coordinator ID"):
        epoch.one_of(["a", "b"], None)
    with pytest.raises(ConfigError, match="'c': not online; there is a, b"):
        epoch.one_of(["a", "b"], "c")


@pytest.mark.parametrize(("complete", "code"), [(True, 0), (False, 1)])
def test_what_the_coordinator_tells_is_one_line_and_the_exit_code_says_whether_all_agreed(
    complete: bool, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told(settings: Any, named: str | None) -> Answer:
        return Answer(text="Epoch 9 is in force;\x1b[2J 3 devices\ntook it over.", intent="control", complete=complete)

    monkeypatch.setattr(epoch, "_reset", told)
    done = CliRunner().invoke(app, ["epoch", "reset"])
    assert (done.exit_code, done.stdout) == (code, "Epoch 9 is in force;[2J 3 devices took it over.\n")
    done = CliRunner().invoke(app, ["epoch", "reset", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["complete"]) == (code, complete)
