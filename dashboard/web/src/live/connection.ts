import {
  type CaseKey,
  type ClientFrame,
  CLOSE_SESSION_ENDED,
  type Problem,
  PROTOCOL,
  type ServerFrame,
  type Who,
} from "@contract/protocol";

/** What the connection is doing. */
export type Phase = "connecting" | "live" | "waiting" | "ended";
/** The same as a page may show it; "unknown": the hub does not know here who is signed in. */
export type ShownPhase = Phase | "unknown";

export interface Connection {
  readonly phase: Phase;
  /** Attempts that failed in a row, at connecting or at being served a topic. */
  readonly failures: number;
  /** Topics wanted, each with its own number and, once known, the position reached. */
  readonly topics: ReadonlyMap<string, { id: number; position: number | null }>;
  readonly key: CaseKey | null;
  readonly user: Who | null;
  readonly nextId: number;
  /** Topics that are not for this page, with the code that said so; none is asked for by itself. */
  readonly refused: ReadonlyMap<string, string>;
  /** Topics that the hub could not serve just now, with the code that said so: asked for anew after a wait. */
  readonly unserved: ReadonlyMap<string, string>;
}

export type Event =
  | { type: "opened" }
  | { type: "closed"; code: number }
  | { type: "frame"; frame: ServerFrame }
  | { type: "retry" }
  | { type: "want"; topic: string; position: number | null }
  | { type: "drop"; topic: string };

export type Effect =
  | { do: "connect" }
  | { do: "send"; frame: ClientFrame }
  | { do: "wait"; failures: number; atLeastS?: number }
  | { do: "forget"; topic: string };

export type Step = readonly [Connection, readonly Effect[]];

export const start = (key: CaseKey | null): Connection => ({
  phase: "connecting",
  failures: 0,
  topics: new Map(),
  key,
  user: null,
  nextId: 1,
  refused: new Map(),
  unserved: new Map(),
});

const NO_ROOM = "topic.too_many";
/** Refusals of a topic that pass: by themselves, or when the page lets go of others. */
const PASSING = ["unavailable", "rate.limited", NO_ROOM];

/**
 * What a page may show: it is not live while the hub cannot serve one of its topics, nor where somebody
 * is `signedIn` whom the hub greeted as a guest, who is refused what the staff may see.
 */
export function shownPhase({ phase, unserved, user }: Connection, signedIn = false): ShownPhase {
  if (phase !== "live") return phase;
  if (signedIn && !user) return "unknown";
  return unserved.size ? "waiting" : phase;
}

const subscribe = (id: number, topic: string, position: number | null): Effect => ({
  do: "send",
  frame: { type: "subscribe", id, topic, ...(position === null ? {} : { position }) },
});

/**
 * Milliseconds before the next attempt: 0.5 s doubling to 30 s, with full jitter so that a city's
 * pages do not all come back in the same moment. `random` is in [0, 1).
 */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(failures, 10));
  return Math.round(ceiling * (0.3 + 0.7 * random));
}

function onClosed(state: Connection, code: number): Step {
  // The hub ended the session: trying again changes nothing.
  if (code === CLOSE_SESSION_ENDED) return [{ ...state, phase: "ended", user: null }, []];
  const failures = state.failures + 1;
  return [
    { ...state, phase: "waiting", failures, unserved: new Map() },
    [{ do: "wait", failures }],
  ];
}

function onFrame(state: Connection, frame: ServerFrame): Step {
  switch (frame.type) {
    case "hello": {
      const again = [...state.topics].map(([topic, { id, position }]) =>
        subscribe(id, topic, position),
      );
      return [{ ...state, phase: "live", failures: 0, user: frame.user ?? null }, again];
    }
    case "snapshot":
    case "facts":
      return reached(state, frame.topic, frame.position);
    case "resync":
      return resync(state, frame.topic, frame.reason === "not_allowed");
    case "error":
      return refused(state, frame);
    default: // a beat, or what only a later hub says to a page that stayed open
      return [state, []];
  }
}

function reached(state: Connection, topic: string, position: number): Step {
  const known = state.topics.get(topic);
  if (!known) return [state, []];
  const topics = new Map(state.topics).set(topic, { ...known, position });
  const refused = new Map(state.refused);
  refused.delete(topic);
  return [{ ...state, topics, refused, failures: 0 }, []];
}

/** What was known of a topic cannot be continued: forget it, and unless it is barred ask anew. */
function resync(state: Connection, topic: string, barred: boolean): Step {
  const known = state.topics.get(topic);
  if (!known) return [state, []];
  if (barred) return bar(state, topic, "topic.denied");
  const topics = new Map(state.topics).set(topic, { id: state.nextId, position: null });
  return [
    { ...state, topics, nextId: state.nextId + 1 },
    [
      { do: "send", frame: { type: "unsubscribe", id: known.id } },
      subscribe(state.nextId, topic, null),
    ],
  ];
}

/** A topic is not, or no longer, for this page: nothing of it may be seen any more. */
function bar(state: Connection, topic: string, code: string): Step {
  const topics = new Map(state.topics);
  topics.delete(topic);
  const refused = new Map(state.refused).set(topic, code);
  return [{ ...state, topics, refused }, [{ do: "forget", topic }]];
}

function refused(state: Connection, { id, code, retry_after_s: atLeastS }: Problem): Step {
  const topic = [...state.topics].find(([, known]) => known.id === id)?.[0];
  if (topic === undefined) return [state, []];
  if (!PASSING.includes(code)) return bar(state, topic, code);
  const unserved = new Map(state.unserved).set(topic, code);
  // One wait for all that are refused at once.
  if (state.unserved.size) return [{ ...state, unserved }, []];
  const failures = state.failures + 1;
  const wait: Effect = { do: "wait", failures, ...(atLeastS === undefined ? {} : { atLeastS }) };
  return [{ ...state, unserved, failures }, [wait]];
}

/** Ask anew for what the hub could not serve, from where the page was. */
function askAnew(state: Connection): Step {
  const again = [...state.topics].filter(([topic]) => state.unserved.has(topic));
  return [
    { ...state, unserved: new Map() },
    again.map(([topic, { id, position }]) => subscribe(id, topic, position)),
  ];
}

function want(state: Connection, topic: string, position: number | null): Step {
  if (state.topics.has(topic)) return [state, []];
  const id = state.nextId;
  const topics = new Map(state.topics).set(topic, { id, position });
  return [
    { ...state, topics, nextId: id + 1 },
    state.phase === "live" ? [subscribe(id, topic, position)] : [],
  ];
}

function drop(state: Connection, topic: string): Step {
  const known = state.topics.get(topic);
  if (!known) return [state, []];
  const topics = new Map(state.topics);
  topics.delete(topic);
  const unserved = new Map(state.unserved);
  const served = state.phase === "live" && !unserved.delete(topic);
  if (!served) return [{ ...state, topics, unserved }, []];
  const goodbye: Effect = { do: "send", frame: { type: "unsubscribe", id: known.id } };
  const next = [...topics].find(([other]) => unserved.get(other) === NO_ROOM);
  if (!next) return [{ ...state, topics, unserved }, [goodbye]];
  const [waiting, { id, position }] = next;
  unserved.delete(waiting);
  return [{ ...state, topics, unserved }, [goodbye, subscribe(id, waiting, position)]];
}

/** The whole of the connection's behaviour: a state and an event give a state and effects. */
export function step(state: Connection, event: Event): Step {
  switch (event.type) {
    case "opened": {
      const hello: ClientFrame = { type: "hello", protocol: PROTOCOL };
      return [state, [{ do: "send", frame: state.key ? { ...hello, case: state.key } : hello }]];
    }
    case "closed":
      return state.phase === "ended" ? [state, []] : onClosed(state, event.code);
    case "frame":
      return onFrame(state, event.frame);
    case "retry":
      if (state.phase === "live") return askAnew(state);
      return state.phase === "waiting"
        ? [{ ...state, phase: "connecting" }, [{ do: "connect" }]]
        : [state, []];
    case "want":
      return want(state, event.topic, event.position);
    case "drop":
      return drop(state, event.topic);
  }
}
