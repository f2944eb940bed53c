import { KINDS } from "@contract/kinds";
import type { CaseView, CountView } from "@contract/protocol";

/** What a staff member wants to see of a queue; empty strings mean "any". */
export interface Wanted {
  queue: string;
  state: string;
  service: string;
  district: string;
  urgency: string;
  q: string;
  mine: boolean;
  marks: boolean;
  sort: "pressing" | "newest";
  /** What is searched for is searched for in all queues and states, whatever else is set. */
  everywhere: boolean;
}

export const OPEN_STATES: readonly string[] = KINDS.complaint.open;

/** In place of a rule's id: a person named the agency. */
export const BY_HAND = "by_hand";

const URGENCIES: readonly (string | null | undefined)[] = ["emergency", "high", "normal", "low"];

/** A case's whole reference: who types one means that case, wherever it is. */
const REF = /^[2-9A-Z]{5}-[2-9A-Z]{5}$/i;

/** What a query of the address stands for. */
export function wantedOf(search: URLSearchParams, firstQueue: string): Wanted {
  const value = (key: string): string => search.get(key) ?? "";
  return {
    queue: value("queue") || firstQueue,
    state: value("state"),
    service: value("service"),
    district: value("district"),
    urgency: value("urgency"),
    q: value("q"),
    mine: value("mine") === "1",
    marks: value("marks") !== "0",
    sort: value("sort") === "newest" ? "newest" : "pressing",
    everywhere: REF.test(value("q")) || (value("q") !== "" && value("everywhere") === "1"),
  };
}

/** Whether the list may hold cases that are on no queue any more. */
export const holdsClosed = ({ state, everywhere }: Wanted): boolean =>
  everywhere || state === "any" || (state !== "" && !OPEN_STATES.includes(state));

const inState = (view: CaseView, state: string): boolean =>
  state === "any" || (state ? view.state === state : OPEN_STATES.includes(view.state));

const inQueue = (view: CaseView, queue: string, own: readonly string[] | null): boolean => {
  if (queue === "triage") return view.state === "triage" || !view.agency;
  if (queue === "all") return own === null || own.includes(view.agency ?? "");
  return view.agency === queue;
};

/** Whether a case belongs on the list. Texts are searched by the hub, so `q` is not judged here. */
export function fitsWanted(
  view: CaseView,
  wanted: Wanted,
  me: number,
  own: readonly string[] | null,
): boolean {
  return (
    wanted.everywhere ||
    (inQueue(view, wanted.queue, own) &&
      inState(view, wanted.state) &&
      (!wanted.service || view.service === wanted.service) &&
      (!wanted.district || view.district === wanted.district) &&
      (!wanted.urgency || view.urgency === wanted.urgency) &&
      (!wanted.mine || view.assignee === me) &&
      (wanted.marks || !view.mark))
  );
}

const rank = (view: CaseView): number => {
  const at = URGENCIES.indexOf(view.urgency);
  return at < 0 ? URGENCIES.length : at;
};

const newestFirst = (a: CaseView, b: CaseView): number =>
  b.received_at.localeCompare(a.received_at) || b.id - a.id;

/** Emergencies, then the overdue, then by deadline; those without one last, newest first. */
function pressingFirst(a: CaseView, b: CaseView): number {
  const emergency = (view: CaseView): number => (view.urgency === "emergency" ? 0 : 1);
  return (
    emergency(a) - emergency(b) ||
    Number(b.overdue ?? false) - Number(a.overdue ?? false) ||
    (a.deadline_at ?? "9").localeCompare(b.deadline_at ?? "9") ||
    rank(a) - rank(b) ||
    newestFirst(a, b)
  );
}

/** The cases of several sources, each once and in its highest version. */
export function newest(...sources: Iterable<CaseView>[]): Map<number, CaseView> {
  const known = new Map<number, CaseView>();
  for (const source of sources)
    for (const view of source) {
      const had = known.get(view.id);
      if (!had || view.version > had.version) known.set(view.id, view);
    }
  return known;
}

export function sorted(views: Iterable<CaseView>, sort: Wanted["sort"]): CaseView[] {
  return [...views].sort(sort === "newest" ? newestFirst : pressingFirst);
}

/**
 * The case that lies `by` steps from the one where somebody is. It may have left the list, as one
 * whose label was corrected does: then the steps are counted from where it lay, in the `seen` list.
 */
export function stepped(
  cases: readonly CaseView[],
  at: number | null,
  by: 1 | -1,
  seen: readonly CaseView[],
): CaseView | undefined {
  const here = cases.findIndex((view) => view.id === at);
  if (here >= 0) return cases[here + by] ?? cases[here];
  const was = seen.findIndex((view) => view.id === at);
  if (was < 0) return cases[0];
  const known = new Map(cases.map((view) => [view.id, view]));
  const onward = by > 0 ? seen.slice(was + 1) : seen.slice(0, was).reverse();
  const backward = by > 0 ? seen.slice(0, was).reverse() : seen.slice(was + 1);
  const left = [...onward, ...backward].find((view) => known.has(view.id));
  return (left && known.get(left.id)) ?? cases[0];
}

/** Open cases by queue: an agency's code, or "triage". */
export function openByQueue(counts: Iterable<CountView>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { agency, state, total } of counts) {
    if (!OPEN_STATES.includes(state)) continue;
    const queue = state === "triage" || agency === null ? "triage" : agency;
    sums.set(queue, (sums.get(queue) ?? 0) + total);
  }
  return sums;
}

/**
 * Whether what was done to `before` can be taken back now that the case is `after`. The hub puts all back
 * or nothing: here it is not offered where no declared move leads to the state that was.
 */
export function canUndo(before: CaseView, after: CaseView): boolean {
  if (after.version === before.version) return false; // nothing was done
  if (after.state === before.state) return true;
  const { moves } = after.kind === "post" ? KINDS.post : KINDS.complaint;
  const way = moves.find((move) => move.from === after.state && move.to === before.state);
  const guards: readonly string[] = way?.guards ?? [];
  // Only its reporter says that it is not over.
  return OPEN_STATES.includes(before.state) && !!way && !guards.includes("reporter");
}
