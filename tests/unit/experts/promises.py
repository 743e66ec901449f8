"""What every shipped expert's card promises, held against fresh windows.

The test module gives `expert` and `verdicts` [(true label, verdict)] as fixtures.
"""

from __future__ import annotations

import numpy as np
import pytest

from experts.expert import Expert


class Promises:
    floor: float

    def test_it_names_the_truth_on_fresh_windows(self, verdicts: list) -> None:
        """The floor less two standard errors of a share of so many windows."""
        right = np.mean([v.likeliest == label for label, v in verdicts])
        assert right >= self.floor - 2 * np.sqrt(self.floor * (1 - self.floor) / len(verdicts))

    def test_the_card_promises_the_floor_and_a_tree_does_clearly_worse(self, expert: Expert) -> None:
        told = expert.card.figures["iid"]
        assert told["balanced_accuracy"] >= self.floor
        assert told["tree"] < told["balanced_accuracy"] - 0.1

    def test_the_cards_figures_come_out_again(self, expert: Expert, verdicts: list) -> None:
        told, answered = expert.card.figures["iid"], [(label, v) for label, v in verdicts if v.label is not None]
        assert np.mean([v.likeliest == label for label, v in verdicts]) == pytest.approx(told["balanced_accuracy"], abs=0.05)
        assert len(answered) / len(verdicts) == pytest.approx(told["coverage"], abs=0.08)
        assert np.mean([v.label == label for label, v in answered]) == pytest.approx(told["answered_right"], abs=0.03)

    def test_it_is_surer_where_it_is_right(self, verdicts: list) -> None:
        right, wrong = ([v.confidence for label, v in verdicts if (v.likeliest == label) is same] for same in (True, False))
        assert np.mean(right) > np.mean(wrong) + 0.1
