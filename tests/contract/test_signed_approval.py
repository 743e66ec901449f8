"""A device with approvers, over a real broker on which anybody may publish anything, also in the coordinator's name: only a signed yes moves it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from dashboard.view import Question
from device_agent.guard import call_digest
from runtime.keys import Key, approvers, new_key
from runtime.operator import NO_KEY
from schemas import topics
from schemas.approval import REJECTED, Rejection, Signature, ToSign
from schemas.messages import OutcomeReport, Reply
from schemas.outcomes import NeedsAnswer
from schemas.skills import Call
from tests.contract.test_approval import OTHER, THIS, Site1, site

SOON, LONG_AGO = 60, -60


@pytest.fixture
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Key, Key, Key]:
    """Anna's and Ben's, whom the device knows, and a stranger's."""
    folder = tmp_path_factory.mktemp("keys")
    anna, ben, stranger = (new_key(folder / name) for name in ("anna", "ben", "stranger"))
    return anna, ben, stranger


def known(*keys: Key) -> tuple:
    return approvers(key.public(name) for key, name in zip(keys, ("anna", "ben"), strict=False))


def signed(here: Site1, key: Key, question: ToSign, *, to: str = "site", allow: bool = True, seconds: int = SOON) -> Signature:
    expires = int(here.operator.clock.now()) + seconds
    return Signature(nonce=question.nonce, expires=expires, value=key.sign(question.statement(to, allow, expires)))


def to_sign(question: Question) -> ToSign:
    assert question.to_sign is not None
    return question.to_sign


async def refused(here: Site1, ident: str, signature: Signature | None, reason: Rejection, *, by_reply: bool = True) -> None:
    """This yes moves nothing; the device says why, and the same question is open again."""
    before = to_sign(here.questions[-1])
    count = here.feed.view.health.kinds["ask"]
    if by_reply:
        await here.operator.send(topics.REPLY, Reply(text="yes", about=THIS, signature=signature), ident)
    else:
        await here.approve(signature=signature)
    await here.until(lambda: here.feed.view.health.kinds["ask"] > count and here.questions)
    assert not here.robot.effects
    assert to_sign(here.questions[-1]) == before and REJECTED[reason] in here.questions[-1].text


async def test_the_right_key_moves_it_exactly_once(keys: tuple[Key, Key, Key]) -> None:
    async with site(approvers=known(keys[0]), sign=keys[0].sign) as here:
        ident, question = await here.asked()
        assert to_sign(question).text.startswith("This cannot be undone.") and to_sign(question).device == "r1"
        for _ in range(3):
            await here.steering.reply(ident, question, "yes")
        await here.until(lambda: here.robot.effects)
        await here.settled()
        assert [function for _, function in here.robot.effects] == ["wipe"] and not here.questions and not here.notices


@pytest.mark.parametrize("by_reply", [True, False])
async def test_what_a_stranger_says_moves_nothing_and_the_question_stays(keys: tuple[Key, Key, Key], by_reply: bool) -> None:
    anna, _, stranger = keys
    async with site(approvers=known(anna), sign=anna.sign) as here:
        ident, question = await here.asked()
        asks = to_sign(question)
        await refused(here, ident, None, "unsigned", by_reply=by_reply)
        await refused(here, ident, signed(here, stranger, asks), "unknown", by_reply=by_reply)
        await refused(here, ident, signed(here, anna, asks, seconds=LONG_AGO), "late", by_reply=by_reply)
        assert await here.steering.reply(ident, question, "yes"), "that of the first dialog, which was open all the time"
        await here.until(lambda: here.robot.effects and not here.questions)
        assert len(here.robot.effects) == 1


ANOTHER = "01890a5d-ac96-774b-bcce-b302099a8057"
ALTERED: list[Callable[[Site1, Key, ToSign], Signature]] = [
    lambda here, key, asks: signed(here, key, asks.model_copy(update={"device": "r2"})),
    lambda here, key, asks: signed(here, key, asks.model_copy(update={"digest": OTHER})),
    lambda here, key, asks: signed(here, key, asks.model_copy(update={"text": "Shall the lamp be switched on?"})),
    lambda here, key, asks: signed(here, key, asks, to="another-site"),
    lambda here, key, asks: signed(here, key, asks, allow=False),
    lambda here, key, asks: signed(here, key, asks).model_copy(update={"expires": 2**53}),
    lambda here, key, asks: signed(here, key, asks.model_copy(update={"nonce": ANOTHER})).model_copy(update={"nonce": asks.nonce}),
]


async def test_what_was_altered_on_its_way_moves_nothing(keys: tuple[Key, Key, Key]) -> None:
    """Device, arguments, words, site, answer, expiry, question: also by a coordinator that shows a person other words than the device's."""
    async with site(approvers=known(keys[0])) as here:
        ident, question = await here.asked()
        for altered in ALTERED:
            await refused(here, ident, altered(here, keys[0], to_sign(question)), "unknown")
        await refused(here, ident, signed(here, keys[0], to_sign(question)).model_copy(update={"nonce": ANOTHER}), "other")
        await here.operator.send(topics.REPLY, Reply(text="yes", about=OTHER, signature=signed(here, keys[0], to_sign(question))), ident)
        await here.settled()
        assert not here.robot.effects


async def test_a_recorded_yes_is_not_one_to_the_next_question_about_the_same_call(keys: tuple[Key, Key, Key]) -> None:
    async with site(approvers=known(keys[0])) as here:
        ident, question = await here.asked()
        recorded = signed(here, keys[0], to_sign(question))
        await here.approve(signature=recorded)
        await here.until(lambda: here.robot.effects and not here.questions)
        here.robot.effects.clear()
        ident, again = await here.asked()
        assert again.digest == question.digest and to_sign(again).nonce != to_sign(question).nonce
        await refused(here, ident, recorded, "other")
        await refused(here, ident, recorded, "other", by_reply=False)
        await refused(here, ident, recorded.model_copy(update={"nonce": to_sign(again).nonce}), "unknown")


async def test_who_speaks_in_the_coordinators_name_cannot_approve(keys: tuple[Key, Key, Key]) -> None:
    """Past the coordinator, with everything that travels openly: the digest, the nonce, other people's signatures."""
    anna, _, stranger = keys
    asked: list[ToSign] = []
    async with site(approvers=known(anna)) as here:

        def hear(_: object, envelope: object) -> None:
            body = getattr(envelope, "body", None)
            if isinstance(body, OutcomeReport) and isinstance(body.outcome, NeedsAnswer) and body.outcome.to_sign is not None:
                asked.append(body.outcome.to_sign)

        here.operator.listeners.append(hear)
        await here.order(THIS, 101)
        assert here.ends == ["asking"]
        await here.order(THIS, 102)
        await here.order(THIS, 103, signature=signed(here, stranger, asked[-1]))
        await here.order(THIS, 104, signature=signed(here, anna, asked[-1], allow=False))
        await here.order(THIS, 105, signature=signed(here, anna, asked[-1], seconds=LONG_AGO))
        await here.order(THIS, 106, "Wipe slot 2.", signature=signed(here, anna, asked[0]))
        await here.order(OTHER, 107, "Wipe slot 2.", signature=signed(here, anna, asked[0]))
        assert here.ends == ["asking"] * 7 and not here.robot.effects
        yes = signed(here, anna, asked[0])
        await here.order(THIS, 108, signature=yes)
        assert len(here.robot.effects) == 1, "what was asked first stayed good"
        await here.order(THIS, 109, signature=yes)
        assert len(here.robot.effects) == 1 and here.ends[-1] == "asking", "it was used"


async def test_garbage_for_a_signature_is_nobodys(keys: tuple[Key, Key, Key]) -> None:
    rng = random.Random(1)
    async with site(approvers=known(*keys[:2])) as here:
        ident, question = await here.asked()
        noise = [base64.b64encode(rng.randbytes(rng.randrange(100))).decode() for _ in range(4)]
        for value in ("", "=", "é", "\x00", "A" * 200, base64.b64encode(bytes(64)).decode(), *noise):
            signature = Signature(nonce=to_sign(question).nonce, expires=2**53, value=value)
            await refused(here, ident, signature, "unknown")


@pytest.mark.parametrize("which", [0, 1])
async def test_each_of_several_approvers_may_say_yes(keys: tuple[Key, Key, Key], which: int) -> None:
    async with site(approvers=known(*keys[:2]), sign=keys[which].sign) as here:
        ident, question = await here.asked()
        await here.steering.reply(ident, question, "yes")
        await here.until(lambda: here.robot.effects and not here.questions)


async def test_without_a_key_a_yes_is_not_even_sent_and_a_no_is(keys: tuple[Key, Key, Key]) -> None:
    async with site(approvers=known(keys[0])) as here:
        ident, question = await here.asked()
        assert here.steering.lacks_key(question)
        assert not await here.steering.reply(ident, question, "yes")
        assert here.notices == [f"Not sent: {NO_KEY}"] and here.questions == [question]
        assert await here.steering.reply(ident, question, "no")
        await here.until(lambda: not here.questions)
        assert not here.robot.effects


async def test_a_key_where_nobody_asks_for_one_changes_nothing(keys: tuple[Key, Key, Key]) -> None:
    async with site(sign=keys[0].sign) as here:
        ident, question = await here.asked()
        assert question.to_sign is None
        await here.steering.reply(ident, replace(question, digest=OTHER), "yes")
        await here.steering.reply(ident, question, "yes")
        await here.until(lambda: here.robot.effects and not here.questions)
        assert len(here.robot.effects) == 1


def test_another_argument_is_another_call() -> None:
    assert call_digest("r1", Call(function="wipe", arguments={"slot": 2})) == OTHER != THIS
