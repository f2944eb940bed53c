"""One connection as a pure state machine: frames in, orders out; no socket, no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from hub.gateway.protocol import (
    CLOSE_NO_HELLO,
    MAX_TOPICS,
    CaseKey,
    Hello,
    Subscribe,
    Unsubscribe,
    decode_client,
)
from hub.gateway.topics import Topic, parse
from hub.model.errors import BigEarError


@dataclass(frozen=True, slots=True)
class SignIn:
    """Find out who this is: by the frame's token or case key, else by the cookie."""

    token: str | None
    case: CaseKey | None


@dataclass(frozen=True, slots=True)
class Open:
    """Serve a topic, from a position if one is given."""

    id: int
    topic: Topic
    position: int | None


@dataclass(frozen=True, slots=True)
class Drop:
    """Stop serving a topic."""

    topic: Topic


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell the client that a frame was refused."""

    code: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection."""

    code: int
    reason: str


Order = SignIn | Open | Drop | Refuse | Close


@dataclass(slots=True)
class Session:
    """What a connection has said so far. ``topics``: the client's number → topic."""

    greeted: bool = False
    topics: dict[int, Topic] = field(default_factory=dict)

    def receive(self, frame: bytes | str) -> Order:
        """The order that one frame gives. Never raises: a bad frame is refused, or closes."""
        try:
            message = decode_client(frame)
        except (msgspec.DecodeError, UnicodeError):
            code = "frame.invalid"
            return Refuse(code) if self.greeted else Close(CLOSE_NO_HELLO, code)
        if isinstance(message, Hello):
            if self.greeted:
                return Refuse("frame.hello_again")
            self.greeted = True
            return SignIn(message.token, message.case)
        if not self.greeted:
            return Close(CLOSE_NO_HELLO, "frame.no_hello")
        if isinstance(message, Unsubscribe):
            topic = self.topics.pop(message.id, None)
            return Drop(topic) if topic else Refuse("topic.not_open", message.id)
        return self._subscribe(message)

    def _subscribe(self, message: Subscribe) -> Order:
        try:
            topic = parse(message.topic)
        except BigEarError as refused:
            return Refuse(refused.code, message.id)
        if message.id in self.topics or topic in self.topics.values():
            return Refuse("topic.open_already", message.id)
        if len(self.topics) >= MAX_TOPICS:
            return Refuse("topic.too_many", message.id)
        self.topics[message.id] = topic
        return Open(message.id, topic, message.position)

    def holds(self, number: int, topic: Topic) -> bool:
        """Whether the client still wants this topic under this number."""
        return self.topics.get(number) == topic

    def forget(self, topic: Topic) -> None:
        """The hub let go of a topic (refused, or cut loose): the client may ask for it again."""
        self.topics = {number: held for number, held in self.topics.items() if held != topic}
