import type { CaseView, Change } from "@contract/protocol";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { listCases } from "../../api/calls.ts";
import type { Refusal } from "../../api/http.ts";
import type { CasePage } from "../../api/types.ts";
import { useBarred, useChanges, useTopics } from "../../live/use.ts";
import { useAsked } from "../../parts/work.ts";
import { ownAgencies, session } from "../../state.ts";
import { fitsWanted, newest, sorted, type Wanted } from "./queue.ts";

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
}

/** Pages that the hub answered, kept true by what comes in live. */
function usePages(wanted: Wanted) {
  const [pages, setPages] = useState<ReadonlyMap<number, CaseView>>(new Map());
  const [next, setNext] = useState<string | null>(null);
  const { queue, state, service, district, urgency, q, mine, marks } = wanted;
  const filter = useMemo(
    () => ({
      ...(queue === "all" ? {} : { queue }),
      ...(state ? { state: state === "any" ? "all" : state } : {}),
      service,
      district,
      urgency,
      q,
      marks,
      ...(mine ? { assignee: "me" as const } : {}),
    }),
    [queue, state, service, district, urgency, q, mine, marks],
  );
  const ask = useCallback((signal: AbortSignal) => listCases(filter, signal), [filter]);
  const asked = useAsked<CasePage>(ask);
  useEffect(() => {
    setPages(new Map((asked.value?.cases ?? []).map((view) => [view.id, view])));
    setNext(asked.value?.next ?? null);
  }, [asked.value]);
  const loading = useRef(false);
  const more = useCallback(() => {
    if (!next || loading.current) return;
    loading.current = true;
    listCases({ ...filter, before: next })
      .then(
        (page) => {
          setPages((before) => newest(before.values(), page.cases));
          setNext(page.next);
        },
        () => undefined,
      )
      .finally(() => {
        loading.current = false;
      });
  }, [filter, next]);
  const change = useCallback((_topic: string, { case: view }: Change) => {
    if (!view) return;
    setPages((before) => {
      const had = before.get(view.id);
      if (!had || had.version > view.version) return before;
      const after = new Map(before);
      if (view.gone) after.delete(view.id);
      else after.set(view.id, view);
      return after;
    });
  }, []);
  useChanges(change);
  return { pages, more: next ? more : null, asked };
}

/** One queue as the filters want it: what is live, and what was asked for beyond it. */
export function useQueue(wanted: Wanted): Queue {
  const own = ownAgencies.value;
  const topics = topicsOf(wanted.queue, own);
  const states = useTopics(topics);
  const { pages, more, asked } = usePages(wanted);
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
  };
}
