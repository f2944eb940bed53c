import {
  type CaseKey,
  type Change,
  type ClientFrame,
  MAX_TOPICS,
  type ServerFrame,
} from "@contract/protocol";
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { backoffMs, type Connection, type Effect, type Event, start, step } from "./connection.ts";
import { fromSnapshot, type TopicState, withFacts } from "./reducer.ts";

/** How long a topic is held after the last page let go of it, if there is room, so that going back is instant. */
const LINGER_MS = 5_000;
/** A line that brought nothing for so many heartbeats is dead, though nobody told the page. */
const SILENT_BEATS = 2.5;
/** What a heartbeat is taken for until the hub has said it, so that a hub that hangs is given up, too. */
const FIRST_HEARTBEAT_S = 20;
/** A page hidden longer than this asks for a fresh connection: its old one may be dead unseen. */
const STALE_AFTER_MS = 45_000;

type Listener = (topic: string, change: Change) => void;

/** The one live connection of the page: sockets, timers and signals around `connection.ts`. */
export class Live {
  readonly #connection;
  readonly #topics = new Map<string, Signal<TopicState | null>>();
  readonly #holders = new Map<string, number>();
  /** Topics that no page holds any more, the one that was left first in front. */
  readonly #lingering = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #listeners = new Set<Listener>();
  readonly #url: string;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #heartbeatS = FIRST_HEARTBEAT_S;
  #hiddenAt = 0;
  #stopped = false;

  constructor(url: string, key: CaseKey | null) {
    this.#url = new URL(url, location.href.replace(/^http/, "ws")).href;
    this.#connection = signal<Connection>(start(key));
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#seen);
    this.#open();
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#connection;
  }

  /** The topic's state, null until its first snapshot. Holds the topic until `release`. */
  hold(topic: string): ReadonlySignal<TopicState | null> {
    this.#holders.set(topic, (this.#holders.get(topic) ?? 0) + 1);
    clearTimeout(this.#lingering.get(topic));
    this.#lingering.delete(topic);
    this.#makeRoomFor(topic);
    const state = this.#state(topic);
    this.#do({ type: "want", topic, position: state.peek()?.position ?? null });
    return state;
  }

  release(topic: string): void {
    const holders = (this.#holders.get(topic) ?? 0) - 1;
    this.#holders.set(topic, holders);
    if (holders > 0 || this.#stopped) return;
    this.#lingering.set(
      topic,
      setTimeout(() => this.#letGo(topic), LINGER_MS),
    );
  }

  /** Calls back for every change on any held topic, after it is in the topic's state. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    for (const timer of this.#lingering.values()) clearTimeout(timer);
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#seen);
    this.#socket?.close(1000);
  }

  #letGo(topic: string): void {
    clearTimeout(this.#lingering.get(topic));
    this.#lingering.delete(topic);
    this.#holders.delete(topic);
    this.#topics.delete(topic);
    this.#do({ type: "drop", topic });
  }

  /** What is looked at goes before what was left. */
  #makeRoomFor(topic: string): void {
    for (const left of this.#lingering.keys()) {
      const { topics } = this.#connection.peek();
      if (topics.has(topic) || topics.size < MAX_TOPICS) return;
      this.#letGo(left);
    }
  }

  #state(topic: string): Signal<TopicState | null> {
    let state = this.#topics.get(topic);
    if (!state) this.#topics.set(topic, (state = signal<TopicState | null>(null)));
    return state;
  }

  readonly #wake = (): void => {
    if (this.#connection.peek().phase === "waiting") this.#do({ type: "retry" });
    else this.#giveUp();
  };

  readonly #seen = (): void => {
    if (document.hidden) this.#hiddenAt = Date.now();
    else if (this.#hiddenAt && Date.now() - this.#hiddenAt > STALE_AFTER_MS) this.#wake();
  };

  #open(): void {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#listenOn();
    const mine = (event: Event): void => {
      if (this.#socket !== socket || this.#stopped) return;
      if (event.type === "closed") clearTimeout(this.#silence);
      else this.#listenOn();
      this.#do(event);
    };
    socket.onopen = () => mine({ type: "opened" });
    socket.onclose = (close) => mine({ type: "closed", code: close.code });
    socket.onmessage = (message) =>
      mine({ type: "frame", frame: JSON.parse(String(message.data)) as ServerFrame });
  }

  /** The line was heard: from now on it may be silent for a while. */
  #listenOn(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#giveUp(), SILENT_BEATS * this.#heartbeatS * 1000);
  }

  /** Ends the line without waiting for the other end, which may be gone: a close waits for its answer. */
  #giveUp(): void {
    clearTimeout(this.#silence);
    this.#socket?.close();
    this.#socket = null;
    this.#do({ type: "closed", code: 1006 });
  }

  #do(event: Event): void {
    const [next, effects] = step(this.#connection.peek(), event);
    batch(() => {
      if (event.type === "frame") this.#read(event.frame);
      this.#connection.value = next;
      for (const effect of effects) this.#carryOut(effect);
    });
    if (event.type === "frame" && event.frame.type === "facts")
      for (const change of event.frame.changes)
        for (const listener of this.#listeners) listener(event.frame.topic, change);
  }

  #read(frame: ServerFrame): void {
    if (frame.type === "hello") {
      this.#heartbeatS = frame.heartbeat_s;
      this.#listenOn();
    } else if (frame.type === "snapshot") {
      if (this.#topics.has(frame.topic)) this.#state(frame.topic).value = fromSnapshot(frame);
    } else if (frame.type === "facts") {
      const state = this.#topics.get(frame.topic);
      if (state?.value) state.value = withFacts(state.value, frame);
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        this.#open();
        break;
      case "send":
        this.#send(effect.frame);
        break;
      case "wait":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(
          () => this.#do({ type: "retry" }),
          // Who were all told the same moment to come back do not all come in it.
          1000 * (effect.atLeastS ?? 0) + backoffMs(effect.failures - 1, Math.random()),
        );
        break;
      case "forget":
        this.#state(effect.topic).value = null;
        break;
    }
  }

  #send(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
