"""What the encoder says of tokens, as a word on candidates for the place."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.encoder import Opinions
from classifiers.marks import FIRST, FURTHER, NONE, Marks, again, doubtful
from classifiers.spans import Places
from classifiers.spans import load as load_places
from classifiers.training import mixing
from hub.model.labels import Span

TEXT = "홍제역 앞 도로가 꺼졌어요"
# <s> 홍제 역 앞 도로 가 </s>: what follows was not read
OFFSETS = ((0, 0), (0, 2), (2, 3), (3, 5), (5, 8), (8, 9), (0, 0))


def _marks(*said: int) -> Marks:
    sure = np.full((len(OFFSETS), 3), 0.05, np.float32)
    for token, mark in enumerate(said):
        sure[token, mark] = 0.9
    starts, ends = np.array(OFFSETS, np.intp).T
    return Marks(sure, starts, ends)


def _span(piece: str) -> Span:
    start = TEXT.index(piece)
    return Span(piece, start, start + len(piece))


def test_the_piece_that_the_tokens_spell_is_likelier_than_a_part_of_it() -> None:
    marks = _marks(NONE, FIRST, FURTHER, NONE, NONE, NONE, NONE)
    whole, part, other = marks.clues(TEXT, [(_span(p), 0.3) for p in ("홍제역", "홍제", "도로")])
    assert whole[1] > part[1] > other[1]
    assert not whole[2]
    assert not whole[3]


def test_a_space_before_a_token_is_no_cut_and_a_letter_is() -> None:
    marks = _marks(NONE, NONE, NONE, FIRST, FURTHER, NONE, NONE)
    space, letter = marks.clues(TEXT, [(_span("앞 도로"), 0.3), (_span("로"), 0.3)])
    assert not space[2]
    assert letter[2]


def test_what_was_not_read_is_left_as_it_was() -> None:
    marks = _marks(NONE, FIRST, FURTHER, NONE, NONE, NONE, NONE)
    [beyond] = marks.clues(TEXT, [(_span("꺼졌어요"), 0.3)])
    assert beyond[1] == 0
    assert beyond[3]


def test_its_word_can_turn_the_order_and_nothing_is_lost_or_invented() -> None:
    found = [(_span("도로"), 0.6), (_span("홍제역"), 0.4)]
    clues = _marks(NONE, FIRST, FURTHER, NONE, NONE, NONE, NONE).clues(TEXT, found)
    same = again(found, clues, np.array([1, 0, 0, 0, 0, 0.0]))
    assert [span for span, _ in same] == [span for span, _ in found]
    assert [chance for _, chance in same] == pytest.approx([0.6, 0.4])
    turned = again(found, clues, np.array([1, 1, 0, 0, 0, 0.0]))
    assert [span.text for span, _ in turned] == ["홍제역", "도로"]


def test_it_is_asked_where_the_best_candidate_is_neither_sure_nor_hopeless() -> None:
    assert doubtful([(_span("도로"), 0.5)], (0.1, 0.9))
    assert not doubtful([(_span("도로"), 0.05)], (0.1, 0.9))
    assert not doubtful([(_span("도로"), 0.95)], (0.1, 0.9))
    assert not doubtful([], (0.0, 1.0))


def test_how_much_its_word_counts_is_learned_from_messages_set_aside() -> None:
    where: Places = load_places()
    texts = [TEXT, "역 앞이 어두워요", TEXT]
    candidates = where.ranked_each(texts)
    assert candidates[0]
    marks = _marks(NONE, FIRST, FURTHER, NONE, NONE, NONE, NONE)
    nothing = Marks(np.full((1, 3), 1 / 3, np.float32), np.zeros(1, np.intp), np.zeros(1, np.intp))
    said = mixing.places(
        texts,
        ["홍제역", "", "홍제역"],
        where,
        Opinions({}, [marks, nothing, marks], np.zeros((3, 0), np.float32)),
    )
    assert said.weights[1] > 0
    assert said.together[0][0][0].text == "홍제역"
    low, high = mixing.doubt(said, where.sure)
    assert 0 <= low < high <= 1
    silent = mixing.places(
        texts,
        ["", "", ""],
        where,
        Opinions({}, [marks, nothing, marks], np.zeros((3, 0), np.float32)),
    )
    assert [span for span, _ in silent.together[0]] == [span for span, _ in silent.alone[0]]
