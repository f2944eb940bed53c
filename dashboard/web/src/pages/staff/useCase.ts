import type { CaseView } from "@contract/protocol";
import { useCallback, useEffect, useState } from "preact/hooks";
import {
  answerCase,
  assignCase,
  getCase,
  moveCase,
  noteCase,
  relabelCase,
  rerouteCase,
  takeCase,
} from "../../api/calls.ts";
import type { StaffCase } from "../../api/types.ts";
import { useTopic } from "../../live/use.ts";
import { type Deed, useAsked, useDeed } from "../../parts/work.ts";
import { session } from "../../state.ts";
import { t } from "../../texts/texts.ts";
import { undoTarget } from "./queue.ts";

export interface Undo {
  /** The state to go back to. */
  to: string;
  /** The state that it went to. */
  gone: string;
}

export interface Labels {
  service?: string;
  intent?: string;
  urgency?: string;
  reroute: boolean;
}

export interface CaseWork {
  known: StaffCase | null;
  view: CaseView | null;
  asked: ReturnType<typeof useAsked<StaffCase>>;
  deed: Deed;
  undo: Undo | null;
  may: (to: string) => boolean;
  take: () => Promise<boolean>;
  release: () => Promise<boolean>;
  move: (to: string, extra?: { reason?: string; target_ref?: string }) => Promise<boolean>;
  undoMove: () => Promise<boolean>;
  relabel: (labels: Labels) => Promise<boolean>;
  reroute: (agency: string, reason: string) => Promise<boolean>;
  answer: (text: string, resolve: boolean) => Promise<boolean>;
  note: (text: string) => Promise<boolean>;
}

/** One case as staff see it, live, and all that may be done with it. */
export function useCase(id: number): CaseWork {
  const ask = useCallback((signal: AbortSignal) => getCase(id, signal), [id]);
  const asked = useAsked(ask);
  const topic = useTopic(`case:${id}`);
  const deed = useDeed();
  const [undo, setUndo] = useState<Undo | null>(null);
  const { again } = asked;
  const position = topic?.position;
  useEffect(() => {
    if (position !== undefined) again();
  }, [position, again]);
  useEffect(() => setUndo(null), [id]);

  const known = asked.value?.case.id === id ? asked.value : null;
  const newer = topic?.cases.get(id);
  const view = known && (newer && newer.version > known.case.version ? newer : known.case);
  const version = view?.version ?? 0;

  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    const done = await deed.run(async () => {
      await work();
    });
    // What was refused was most often looked at too late: show how it stands now.
    again();
    return done;
  };
  const move: CaseWork["move"] = async (to, extra = {}) => {
    const from = view?.state ?? "";
    const done = await run(() => moveCase(id, { to, version, ...extra }));
    const back = view && undoTarget(view.kind, from, to);
    setUndo(done && back ? { to: back, gone: to } : null);
    return done;
  };
  return {
    known,
    view,
    asked,
    deed,
    undo,
    may: (to) => known?.moves.some((one) => one.to === to) ?? false,
    take: () => run(() => takeCase(id, version)),
    release: () => run(() => assignCase(id, null, version)),
    move,
    undoMove: async () => {
      if (!undo) return false;
      const done = await run(() =>
        moveCase(id, { to: undo.to, version, reason: t("act.undo_reason") }),
      );
      if (done) setUndo(null);
      return done;
    },
    relabel: (labels) => run(() => relabelCase(id, { ...labels, version })),
    reroute: (agency, reason) => run(() => rerouteCase(id, agency, reason, version)),
    answer: (text, resolve) => run(() => answerCase(id, text, resolve, version)),
    note: (text) => run(() => noteCase(id, text)),
  };
}

/** Whether the signed-in person works in the case's agency: the hub judges, this only hides buttons. */
export function mayWork(view: CaseView): boolean {
  return (
    session.value?.user?.grants.some(
      ([role, agency]) =>
        ["agent", "supervisor", "admin"].includes(role) &&
        (agency === null || view.agency === undefined || view.agency === null || agency === view.agency),
    ) ?? false
  );
}
