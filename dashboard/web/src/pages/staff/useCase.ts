import type { CaseView } from "@contract/protocol";
import { useCallback, useEffect, useState } from "preact/hooks";
import {
  answerCase,
  assignCase,
  eraseCase,
  getCase,
  moveCase,
  noteCase,
  relabelCase,
  rerouteCase,
  takeCase,
  undoCase,
} from "../../api/calls.ts";
import type { StaffCase, User } from "../../api/types.ts";
import { useBarred, useTopic } from "../../live/use.ts";
import { say } from "../../parts/toast.tsx";
import { type Deed, useAsked, useDeed } from "../../parts/work.ts";
import { agencyName, serviceName, session } from "../../state.ts";
import { dateTime } from "../../texts/format.ts";
import { t, word } from "../../texts/texts.ts";
import { canUndo, newest } from "./queue.ts";

export interface Labels {
  service?: string;
  intent?: string;
  urgency?: string;
  abuse?: "abuse" | "none";
  reroute: boolean;
}

export interface CaseWork {
  known: StaffCase | null;
  view: CaseView | null;
  asked: ReturnType<typeof useAsked<StaffCase>>;
  deed: Deed;
  /** The same for what is written to the reporter or to colleagues: it is refused where it was written. */
  writing: Deed;
  may: (to: string) => boolean;
  take: () => Promise<boolean>;
  release: () => Promise<boolean>;
  handOver: (to: User) => Promise<boolean>;
  move: (to: string, extra?: { reason?: string; target_ref?: string }) => Promise<boolean>;
  /** `seen`: the case as it was when the labels were chosen. */
  relabel: (labels: Labels, seen: CaseView) => Promise<boolean>;
  reroute: (agency: string, reason: string) => Promise<boolean>;
  answer: (text: string, resolve: boolean) => Promise<boolean>;
  note: (text: string) => Promise<boolean>;
  erase: (reason: string) => Promise<boolean>;
}

/** How what was done to `before` is taken back, now that the case is `after`; null: it cannot be. */
function wayBack(before: CaseView, after: CaseView): (() => Promise<unknown>) | null {
  if (!mayWork(after) || !canUndo(before, after)) return null;
  return () => undoCase(after.id, after.version);
}

/** What a case's labels now are, as far as they were corrected, and where it went or until when. */
function told(before: CaseView, after: CaseView, labels: Labels): string {
  const moved = (before.agency ?? null) !== (after.agency ?? null);
  const due = !moved && after.deadline_at !== before.deadline_at ? after.deadline_at : null;
  const said = [
    labels.service && serviceName(after.service),
    labels.intent && word("intent", after.intent),
    labels.urgency && word("urgency", after.urgency),
    labels.abuse === "none" && t("act.not_abuse"),
    due && t("item.due", { at: dateTime(due) }),
  ].filter(Boolean);
  return said.join(" · ") + (moved ? ` → ${agencyName(after.agency) || t("staff.triage")}` : "");
}

/** One case as staff see it, live, and all that may be done with it. */
export function useCase(id: number): CaseWork {
  const ask = useCallback((signal: AbortSignal) => getCase(id, signal), [id]);
  const asked = useAsked(ask);
  const topic = useTopic(`case:${id}`);
  const barred = useBarred([`case:${id}`]);
  const deed = useDeed();
  const writing = useDeed();
  // What one's own deed answered is known before the case has been asked for anew.
  const [fresh, setFresh] = useState<CaseView | null>(null);
  const { again } = asked;
  const position = topic?.position;
  // Once it is barred the hub's answer over HTTP, too, is that there is no such case.
  useEffect(() => {
    if (position !== undefined || barred) again();
  }, [position, barred, again]);

  const known = asked.value?.case.id === id ? asked.value : null;
  const views = [known?.case, topic?.cases.get(id), fresh].filter((one) => !!one);
  const view = (known && newest(views).get(id)) ?? null;
  const version = view?.version ?? 0;

  const run = async (work: () => Promise<unknown>, as = deed): Promise<boolean> => {
    const done = await as.run(async () => {
      await work();
    });
    // What was refused was most often looked at too late: show how it stands now.
    again();
    return done;
  };
  /** Does something that can be seen and taken back wherever the person has gone meanwhile. */
  const change = (words: (after: CaseView) => string, work: () => Promise<CaseView>) =>
    run(async () => {
      const after = await work();
      setFresh(after);
      say(`${after.ref} · ${words(after)}`, view && wayBack(view, after));
    });
  return {
    known,
    view,
    asked,
    deed,
    writing,
    may: (to) => known?.moves.some((one) => one.to === to) ?? false,
    take: () => change(() => t("act.taken"), () => takeCase(id, version)),
    release: () => change(() => t("act.released"), () => assignCase(id, null, version)),
    handOver: ({ id: to, name }) =>
      change(() => t("act.handed_over", { name }), () => assignCase(id, to, version)),
    move: (to, extra = {}) =>
      change(
        (after) => word("state", after.state),
        () => moveCase(id, { to, version, ...extra }),
      ),
    relabel: (labels, seen) =>
      change(
        (after) => told(seen, after, labels),
        () => relabelCase(id, { ...labels, version: seen.version }),
      ),
    reroute: (agency, reason) =>
      change(
        (after) => agencyName(after.agency),
        () => rerouteCase(id, agency, reason, version),
      ),
    answer: (text, resolve) => run(() => answerCase(id, text, resolve, version), writing),
    note: (text) => run(() => noteCase(id, text), writing),
    erase: (reason) => run(() => eraseCase(id, reason)),
  };
}

type Granted = Pick<User, "grants">;

const holds = (who: Granted, roles: readonly string[], view: CaseView): boolean =>
  who.grants.some(
    ([role, agency]) =>
      roles.includes(role) && (agency === null || !view.agency || agency === view.agency),
  );

/** Whether somebody works in the case's agency: the hub judges, this only hides what it would refuse. */
export const worksOn = (who: Granted, view: CaseView): boolean =>
  holds(who, ["agent", "supervisor", "admin"], view);

export function mayWork(view: CaseView): boolean {
  const user = session.value?.user;
  return user ? worksOn(user, view) : false;
}

export function mayErase(view: CaseView): boolean {
  const user = session.value?.user;
  return user ? holds(user, ["admin"], view) : false;
}
