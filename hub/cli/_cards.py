"""Report cards of the classifier as plain text: one, or two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Card = Mapping[str, Any]

HEADS = ("service", "intent", "urgency")
NAME_WIDTH, COLUMN_WIDTH = 30, 26
_FIGURES = (
    ("macro F1", "macro_f1"),
    ("accuracy of the surest 80 %", "accuracy_at_80_percent"),
    ("calibration error", "calibration_error"),
)


def headline(card: Card) -> str:
    """A report card in one line: ``service 0.772 [0.746, 0.795] of 1138, urgent 0.51 seen``; also what
    ``bigear train`` writes beside the weights, which has half the interval's width and one count."""
    service = card.get("service", {})
    told = f"service {_share(service.get('accuracy'))}"
    if interval := _interval(service):
        told += " [{:.3f}, {:.3f}]".format(*interval)
    if count := service.get("messages", card.get("test")):
        told += f" of {count}"
    urgent = card.get("urgency", {}).get("urgent", {})
    return f"{told}, urgent {_share(urgent.get('recall'))} seen"


def _interval(head: Card) -> Sequence[float] | None:
    if "accuracy_95" in head:
        return head["accuracy"] - head["accuracy_95"], head["accuracy"] + head["accuracy_95"]
    found: Sequence[float] | None = head.get("interval_95")
    return found


def worse(compared: Mapping[str, Any]) -> str:
    """What is worse of the version offered, and by how much; empty if nothing is."""
    words = {"service": "service right", "urgent": "urgent messages seen"}
    tests = ((words[name], compared[name]) for name in compared["worse"])
    told = [
        f"{what}: {test['lost']} lost and {test['won']} won of {test['messages']}"
        f" (exact McNemar test, p = {test['p']:.4f})"
        for what, test in tests
    ]
    told += [
        f"confidence of the {head}: {_calibration(compared['calibration'][head])}"
        for head in compared["miscalibrated"]
    ]
    return "; ".join(told)


def _calibration(test: Mapping[str, Any]) -> str:
    return (
        f"calibration error {test['now']:.3f}, before {test['before']:.3f}, on the {test['messages']}"
        " that both have right or both wrong"
    )


def table(cards: Sequence[Card], compared: Mapping[str, Any] | None) -> Iterator[str]:
    """All lines of one card, or of two side by side; of a pair, how the second compares."""
    yield _line("", [card["model"] for card in cards])
    yield _line("messages kept out", [str(card["messages"]) for card in cards])
    for head in HEADS:
        heads = [card.get(head) for card in cards]
        if all(heads):
            yield ""
            yield from _head(head, [head for head in heads if head])
    if compared is not None:
        yield ""
        yield f"{cards[1]['model']} beside {cards[0]['model']}, on the same messages:"
        for name, what in (("service", "service right"), ("urgent", "urgent seen")):
            test = compared[name]
            verdict = "worse" if name in compared["worse"] else "not worse beyond chance"
            yield (
                f"  {what}: {test['won']} won, {test['lost']} lost of {test['messages']};"
                f" p = {test['p']:.4f}, {verdict}"
            )
        for head, test in compared["calibration"].items():
            verdict = ", much worse" if head in compared["miscalibrated"] else ""
            yield f"  {head}: {_calibration(test)}{verdict}"


def _head(name: str, heads: Sequence[Card]) -> Iterator[str]:
    yield _line(f"{name}: accuracy", [_accuracy(head) for head in heads])
    for words, key in _FIGURES:
        yield _line(f"  {words}", [_share(head[key]) for head in heads])
    if name == "service":
        yield _line(
            "  left to a person", [_share(h["abstention"]["left_to_a_person"]) for h in heads]
        )
        yield _line(
            "  accuracy of the rest",
            [_share(h["abstention"]["accuracy_of_the_rest"]) for h in heads],
        )
    if name == "urgency":
        for figure in ("recall", "precision"):
            yield _line(
                f"  emergency or high: {figure}", [_share(h["urgent"][figure]) for h in heads]
            )
    for title, key in (("language", "by_language"), ("source", "by_source")):
        for group in _keys(heads, key):
            yield _line(
                f"  {title} {group or '-'}", [_group(head[key].get(group)) for head in heads]
            )
    for code in _keys(heads, "by_class"):
        yield _line(f"  {code}", [_class(head["by_class"].get(code)) for head in heads])
    yield _line("  most often confused", ["" for _ in heads])
    for number in range(max(len(head["confusions"]) for head in heads)):
        yield _line("", [_confusion(head["confusions"], number) for head in heads])


def _keys(heads: Sequence[Card], key: str) -> list[str]:
    return sorted({name for head in heads for name in head[key]})


def _accuracy(head: Card) -> str:
    low, high = head["interval_95"]
    return f"{head['accuracy']:.3f} [{low:.3f}, {high:.3f}]"


def _group(found: Card | None) -> str:
    return "-" if found is None else f"{found['accuracy']:.3f} of {found['messages']}"


def _class(found: Card | None) -> str:
    if found is None:
        return "-"
    return f"P {found['precision']:.2f} R {found['recall']:.2f} n {found['messages']}"


def _confusion(confusions: Sequence[Card], number: int) -> str:
    if number >= len(confusions):
        return ""
    one = confusions[number]
    return f"{one['messages']}: {one['wanted']} > {one['given']}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _line(name: str, columns: Sequence[str]) -> str:
    cells = "".join(f"{column:<{COLUMN_WIDTH}}  " for column in columns)
    return f"{name:<{NAME_WIDTH}} {cells}".rstrip()
