import type { CaseView, Change } from "@contract/protocol";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type CaseFilter, getCase, listCases } from "../../api/calls.ts";
import type { Refusal } from "../../api/http.ts";
import type { CasePage } from "../../api/types.ts";
import type { TopicState } from "../../live/reducer.ts";
import { useBarred, useChanges, useTopics } from "../../live/use.ts";
import { type Deed, useAsked, useDeed } from "../../parts/work.ts";
import { ownAgencies, session } from "../../state.ts";
import { fitsWanted, holdsClosed, newest, sorted, type Wanted } from "./queue.ts";

/** Queues that are held live at once when all of one's own are looked at together. */
const MAX_LIVE_QUEUES = 24;

function topicsOf(queue: string, own: readonly string[] | null): string[] {
  if (queue === "all") return (own ?? []).slice(0, MAX_LIVE_QUEUES).map((code) => `queue:${code}`);
  return [`queue:${queue}`];
}

export interface Queue {
  cases: CaseView[];
  loading: boolean;
  refusal: Refusal | null;
  again: () => void;
  /** Asks for older ones; null when there are none that are not here. */
  more: (() => void) | null;
  /** Whether older ones are being asked for, and why they did not come. */
  older: Pick<Deed, "busy" | "refusal">;
}

/** What the hub is asked for. */
function filterOf(wanted: Wanted): CaseFilter {
  const { queue, state, service, district, urgency, q, mine, marks, everywhere } = wanted;
  if (everywhere) return { q, state: "all" };
  return {
    ...(queue === "all" ? {} : { queue }),
    ...(state ? { state: state === "any" ? "all" : state } : {}),
    service,
    district,
    urgency,
    q,
    marks,
    ...(mine ? { assignee: "me" as const } : {}),
  };
}

type Views = ReadonlyMap<number, CaseView>;

/** Pages that the hub answered, kept true by what comes in live. */
function usePages(wanted: Wanted) {
  const [pages, setPages] = useState<Views>(new Map());
  const [next, setNext] = useState<string | null>(null);
  const key = JSON.stringify(filterOf(wanted));
  const filter = useMemo(() => JSON.parse(key) as CaseFilter, [key]);
  const ask = useCallback((signal: AbortSignal) => listCases(filter, signal), [filter]);
  const asked = useAsked<CasePage>(ask);
  // In which version a case left a queue: an answer may be older than that.
  const left = useRef(new Map<number, number>());
  const put = useCallback((views: readonly CaseView[], fresh = false) => {
    const still = views.filter(({ id, version }) => version >= (left.current.get(id) ?? 0));
    setPages((before) => newest(fresh ? [] : before.values(), still));
  }, []);
  useEffect(() => {
    put(asked.value?.cases ?? [], true);
    setNext(asked.value?.next ?? null);
  }, [asked.value, put]);

  // What is answered after the list has become another one is not for it.
  const shown = useRef({ filter, pages });
  shown.current = { filter, pages };
  const { run, clear, busy, refusal } = useDeed();
  useEffect(clear, [filter, clear]);
  const more = useCallback(() => {
    if (!next) return;
    void run(async () => {
      const page = await listCases({ ...filter, before: next });
      if (shown.current.filter !== filter) return;
      put(page.cases);
      setNext(page.next);
    });
  }, [filter, next, run, put]);

  const closedToo = holdsClosed(wanted);
  const searching = wanted.q !== "";
  const change = useCallback(
    (_topic: string, { case: view }: Change) => {
      if (!view) return;
      const { id, version, gone = false } = view;
      const had = shown.current.pages.get(id);
      if (gone) left.current.set(id, Math.max(version, left.current.get(id) ?? 0));
      const drop = (): void =>
        setPages((before) => new Map([...before].filter(([one]) => one !== id)));
      // A queue holds what is open. A list that holds more asks what has become of the case.
      if (gone && closedToo && (had || !searching))
        getCase(id).then(
          (known) => {
            if (shown.current.filter === filter) put([known.case]);
          },
          drop,
        );
      else if (had && had.version <= version) {
        if (gone) drop();
        else put([view]);
      }
    },
    [filter, closedToo, searching, put],
  );
  useChanges(change);
  return { pages, more: next ? more : null, older: { busy, refusal }, asked };
}

/** Calls back when a topic that was known comes whole again: no facts told what had changed. */
function useNewSnapshots(states: ReadonlyMap<string, TopicState>, then: () => void): void {
  const known = useRef(new Map<string, unknown>());
  useEffect(() => {
    let anew = false;
    for (const [topic, { alerts }] of states) {
      // The facts of a queue leave its alerts alone: only a snapshot brings others.
      anew ||= known.current.has(topic) && known.current.get(topic) !== alerts;
      known.current.set(topic, alerts);
    }
    if (anew) then();
  }, [states, then]);
}

/** One queue as the filters want it: what is live, and what was asked for beyond it. */
export function useQueue(wanted: Wanted): Queue {
  const own = ownAgencies.value;
  const topics = topicsOf(wanted.queue, own);
  const states = useTopics(topics);
  const { pages, more, older, asked } = usePages(wanted);
  useNewSnapshots(states, asked.again);
  const me = session.value?.user?.id ?? 0;
  const searching = wanted.q !== "";
  const barred = useBarred(topics);
  const { again } = asked;
  // What was listed of a queue that is no longer one's own goes, too.
  useEffect(() => {
    if (barred) again();
  }, [barred, again]);
  const cases = useMemo(() => {
    const fresh = searching ? [] : [...states.values()].flatMap((state) => [...state.cases.values()]);
    const known = newest(pages.values(), fresh).values();
    const fitting = [...known].filter((view) => fitsWanted(view, wanted, me, own));
    return sorted(fitting, wanted.sort);
  }, [states, pages, wanted, me, own, searching]);
  const allBarred = topics.length > 0 && barred === topics.length;
  const waiting = asked.loading && !asked.value && (searching || (!states.size && !allBarred));
  return {
    cases,
    loading: waiting,
    refusal: asked.refusal,
    again,
    more,
    older,
  };
}
