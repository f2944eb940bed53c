import type {
  AlertView,
  BroadcastView,
  CaseView,
  Change,
  CountView,
  Facts,
  MessageView,
  ProgressView,
  Snapshot,
} from "@contract/protocol";

/** All that a page knows of one topic at a position of the log. */
export interface TopicState {
  readonly position: number;
  readonly cases: ReadonlyMap<number, CaseView>;
  readonly progress: ReadonlyMap<string, ProgressView>;
  readonly messages: ReadonlyMap<number, MessageView>;
  readonly alerts: ReadonlyMap<number, AlertView>;
  readonly broadcasts: ReadonlyMap<number, BroadcastView>;
  readonly counts: ReadonlyMap<string, CountView>;
  readonly total: number;
  readonly truncated: boolean;
}

const by = <K, V>(records: readonly V[] | undefined, key: (record: V) => K): Map<K, V> =>
  new Map((records ?? []).map((record) => [key(record), record]));

export const countKey = (count: Pick<CountView, "agency" | "state">): string =>
  `${count.agency ?? ""}/${count.state}`;

/** A snapshot replaces all that was known of its topic. */
export function fromSnapshot(snapshot: Snapshot): TopicState {
  return {
    position: snapshot.position,
    cases: by(snapshot.cases, (one) => one.id),
    progress: by(snapshot.progress, (one) => one.ref),
    messages: by(snapshot.messages, (one) => one.id),
    alerts: by(snapshot.alerts, (one) => one.id),
    broadcasts: by(snapshot.broadcasts, (one) => one.id),
    counts: by(snapshot.counts, countKey),
    total: snapshot.total ?? 0,
    truncated: snapshot.truncated ?? false,
  };
}

interface Versioned {
  id: number;
  version: number;
}

/** The record of the higher version wins; one that is `over` leaves, unless a newer one is known. */
function keep<V extends Versioned>(
  known: ReadonlyMap<number, V>,
  record: V | null | undefined,
  over: (record: V) => boolean,
): ReadonlyMap<number, V> {
  if (!record) return known;
  const had = known.get(record.id);
  if (had && had.version > record.version) return known;
  if (had && had.version === record.version && !over(record)) return known;
  const next = new Map(known);
  if (over(record)) next.delete(record.id);
  else next.set(record.id, record);
  return next;
}

function put<K, V>(known: ReadonlyMap<K, V>, key: K, record: V): ReadonlyMap<K, V> {
  return new Map(known).set(key, record);
}

/** One change on top of a state. A change at or before the state's position is already in it. */
export function withChange(state: TopicState, change: Change): TopicState {
  if (change.position <= state.position) return state;
  const cases = keep(state.cases, change.case, (one) => one.gone ?? false);
  const progress = change.progress;
  const message = change.message;
  return {
    ...state,
    position: change.position,
    cases,
    total: Math.max(0, state.total + (state.truncated ? 0 : cases.size - state.cases.size)),
    progress: progress ? put(state.progress, progress.ref, progress) : state.progress,
    messages: message ? put(state.messages, message.id, message) : state.messages,
    alerts: keep(state.alerts, change.alert, (one) => !one.live),
    broadcasts: keep(state.broadcasts, change.broadcast, () => false),
    // All that are above zero: one that is not named is zero.
    counts: change.counts ? by(change.counts, countKey) : state.counts,
  };
}

/** A frame of facts on top of a state; the frame's position may lie beyond its last change. */
export function withFacts(state: TopicState, facts: Facts): TopicState {
  const next = facts.changes.reduce(withChange, state);
  return facts.position > next.position ? { ...next, position: facts.position } : next;
}
