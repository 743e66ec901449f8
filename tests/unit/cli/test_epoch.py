"""`parley epoch reset`: which coordinator is meant, and the one line that is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer

from cli import epoch
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
    complete: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def told(settings: Any, named: str | None) -> Answer:
        return Answer(text="Epoch 9 is in force;\x1b[2J 3 devices\ntook it over.", intent="control", complete=complete)

    monkeypatch.setattr(epoch, "_reset", told)
    monkeypatch.setattr(epoch, "settings_for", lambda *_: None)
    for json_too, expected in ((False, "Epoch 9 is in force;[2J 3 devices took it over.\n"), (True, None)):
        with pytest.raises(typer.Exit) as end:
            epoch.reset(json=json_too)
        out = capsys.readouterr().out
        assert end.value.exit_code == code
        assert out == expected if expected else json.loads(out)["complete"] is complete
