"""The gist of an instruction: which kinds it may be, and that the planner can then write no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coordinator.gist import KINDS, PLAUSIBLE, SCALE, Gist, GistKinds, open_kinds
from coordinator.mentions import Linked, Summary
from coordinator.planner import LanguagePlanner
from runtime.llm.scripted import ScriptedEmbedder, ScriptedEngine
from schemas.errors import ConfigError


def weights(wanted: str, width: int = 4) -> dict[str, np.ndarray]:
    """A head that finds one kind likely for the first unit vector, and any kind as likely as another for the rest."""
    outer = np.zeros((len(KINDS), width), dtype=np.float32)
    outer[KINDS.index(wanted), 0] = 1.0
    return {
        "inner.weight": np.eye(width, dtype=np.float32),
        "inner.bias": np.zeros(width, dtype=np.float32),
        "outer.weight": outer,
        "outer.bias": np.zeros(len(KINDS), dtype=np.float32),
    }


def test_chances_are_a_softmax_of_two_layers():
    chances = Gist(weights("control:stop")).chances([1.0, 0.0, 0.0, 0.0])
    assert sum(chances.values()) == pytest.approx(1.0)
    assert chances["control:stop"] == pytest.approx(np.exp(SCALE) / (np.exp(SCALE) + len(KINDS) - 1), rel=1e-5)
    assert Gist(weights("plan")).chances([-1.0, 0.0, 0.0, 0.0])["plan"] == pytest.approx(1 / len(KINDS))


class _Fixed(ScriptedEmbedder):
    def __init__(self, vector: list[float]) -> None:
        super().__init__(())
        self._vector = vector

    async def embed(self, texts):
        return [self._vector for _ in texts]


async def test_what_is_implausible_is_ruled_out():
    gist = Gist(weights("query"))
    assert await GistKinds(gist, _Fixed([1.0, 0, 0, 0])).of("How full is it?") == {"query"}
    assert await GistKinds(gist, _Fixed([0, 1.0, 0, 0])).of("Hm?") == set(KINDS)
    assert 1 / len(KINDS) > PLAUSIBLE, "an empty choice would be possible"


async def test_the_planner_may_write_only_what_the_gist_allows():
    engine = _Grammars()
    await LanguagePlanner(engine, GistKinds(Gist(weights("control:stop")), _Fixed([1.0, 0, 0, 0]))).plan(Linked(text="halt"), Summary())
    assert engine.grammars and all("stop" in g and "resume" not in g for g in engine.grammars)


class _Grammars(ScriptedEngine):
    def __init__(self) -> None:
        super().__init__({"": '{"control":"stop","who":{"of":"any"}}'})
        self.grammars: list[str] = []

    async def generate(self, prompt, *, grammar=None, max_tokens=256, temperature=0.0, seed=0):
        self.grammars.append(grammar or "")
        return await super().generate(prompt, grammar=grammar, max_tokens=max_tokens, temperature=temperature, seed=seed)


def test_no_gist_beside_an_encoder_of_ones_own_rules_nothing_out(tmp_path: Path):
    assert open_kinds(tmp_path / "mine.gguf", ScriptedEmbedder(())) is None


@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_a_file_that_is_no_gist_is_one_clear_line(tmp_path: Path, content: bytes | None):
    path = tmp_path / "parley-reader-2-gist.npz"
    path.write_bytes(content) if content is not None else np.savez(path, other=np.zeros(3))
    with pytest.raises(ConfigError, match=r"parley-reader-2-gist\.npz: not a file of gist weights"):
        open_kinds(tmp_path / "parley-reader-2.gguf", ScriptedEmbedder(()))


def test_an_altered_gist_is_noticed(tmp_path: Path):
    np.savez(tmp_path / "parley-reader-2-gist.npz", **weights("plan"))
    (tmp_path / "parley-reader-2-gist.toml").write_text('[sha256]\n"parley-reader-2-gist.npz" = "00"\n')
    with pytest.raises(ConfigError, match="differs from the sha256"):
        open_kinds(tmp_path / "parley-reader-2.gguf", ScriptedEmbedder(()))
