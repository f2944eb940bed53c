import type { AlertView, CaseView, Change, Facts, Snapshot } from "@contract/protocol";
import { describe, expect, it } from "vitest";
import { countKey, fromSnapshot, withChange, withFacts } from "./reducer.ts";

const view = (id: number, version: number, more: Partial<CaseView> = {}): CaseView => ({
  id,
  version,
  ref: `BE-${id}`,
  kind: "complaint",
  state: "queued",
  received_at: "2026-11-24T01:00:00Z",
  updated_at: "2026-11-24T01:00:00Z",
  ...more,
});

const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  type: "snapshot",
  id: 1,
  topic: "queue:triage",
  position: 10,
  ...more,
});

const change = (position: number, more: Partial<Change>): Change => ({
  position,
  at: "2026-11-24T01:00:01Z",
  type: "case.moved",
  ...more,
});

const facts = (position: number, changes: Change[]): Facts => ({
  type: "facts",
  topic: "queue:triage",
  position,
  changes,
});

const alert = (id: number, version: number, live: boolean): AlertView => ({
  id,
  version,
  live,
  state: live ? "sending" : "cancelled",
  severity: "urgent",
  headline: { ko: "가", en: "a" },
  text: { ko: "가", en: "a" },
  areas: [],
  sent_at: "2026-11-24T01:00:00Z",
  expires_at: "2026-11-24T02:00:00Z",
});

describe("snapshot", () => {
  it("replaces all that was known", () => {
    const state = fromSnapshot(snapshot({ cases: [view(1, 1), view(2, 4)], total: 9 }));
    expect([...state.cases.keys()]).toEqual([1, 2]);
    expect(state).toMatchObject({ position: 10, total: 9, truncated: false });
  });
});

describe("facts", () => {
  const before = fromSnapshot(snapshot({ cases: [view(1, 3)], total: 1 }));

  it("add, change and drop cases", () => {
    const after = withFacts(
      before,
      facts(13, [
        change(11, { case: view(2, 1) }),
        change(12, { case: view(1, 4, { state: "in_progress" }) }),
        change(13, { case: view(2, 2, { gone: true }) }),
      ]),
    );
    expect([...after.cases.values()]).toEqual([view(1, 4, { state: "in_progress" })]);
    expect(after).toMatchObject({ position: 13, total: 1 });
  });

  it("never put an older version over a newer one", () => {
    const after = withFacts(before, facts(11, [change(11, { case: view(1, 2, { state: "triage" }) })]));
    expect(after.cases.get(1)).toEqual(view(1, 3));
    expect(after.position).toBe(11);
  });

  it("do not drop a case for an older farewell", () => {
    const after = withChange(before, change(11, { case: view(1, 2, { gone: true }) }));
    expect(after.cases.has(1)).toBe(true);
  });

  it("drop a case whose farewell has the version that is known", () => {
    const after = withChange(before, change(11, { case: view(1, 3, { gone: true }) }));
    expect(after.cases.size).toBe(0);
  });

  it("are skipped at or before the position, so that a replay counts nothing twice", () => {
    const once = withFacts(before, facts(11, [change(11, { case: view(2, 1) })]));
    const twice = withFacts(once, facts(11, [change(11, { case: view(2, 1) })]));
    expect(twice).toEqual(once);
    expect(withChange(before, change(10, { case: view(9, 1) }))).toBe(before);
  });

  it("move the position even when they hold nothing for us", () => {
    expect(withFacts(before, facts(40, [])).position).toBe(40);
  });

  it("leave the state that came before untouched", () => {
    withFacts(before, facts(11, [change(11, { case: view(1, 9) })]));
    expect(before.cases.get(1)).toEqual(view(1, 3));
  });

  it("give what a fresh snapshot would give, in whatever frames they come", () => {
    const changes = Array.from({ length: 200 }, (_, n) => {
      const id = (n * 7) % 13;
      return change(11 + n, { case: view(id, n + 5, { gone: n % 5 === 0 }) });
    });
    const expected = new Map<number, CaseView>([[1, view(1, 3)]]);
    for (const one of changes) {
      if (!one.case) continue;
      if (one.case.gone) expected.delete(one.case.id);
      else expected.set(one.case.id, one.case);
    }
    const single = changes.reduce((state, one) => withFacts(state, facts(one.position, [one])), before);
    const joined = withFacts(before, facts(210, changes));
    expect(new Map(single.cases)).toEqual(expected);
    expect(new Map(joined.cases)).toEqual(expected);
    expect(single.total).toBe(expected.size);
  });
});

describe("counts, messages and alerts", () => {
  it("carry all totals above zero, not differences", () => {
    const total = (agency: string | null, n: number) => ({ agency, state: "queued", total: n });
    let state = fromSnapshot(snapshot({ counts: [total("gu-a", 1)] }));
    state = withChange(state, change(11, { counts: [total("gu-a", 1), total("gu-b", 5)] }));
    state = withChange(state, change(12, { counts: [total("gu-b", 6)] }));
    expect([...state.counts.values()]).toEqual([total("gu-b", 6)]);
    expect(countKey(total(null, 0))).not.toBe(countKey(total("gu-a", 0)));
  });

  it("keep messages by their id and progress by its reference", () => {
    const message = { id: 5, case: 1, kind: "answer" as const, at: "2026-11-24T01:00:00Z" };
    let state = withChange(fromSnapshot(snapshot()), change(11, { message }));
    state = withChange(state, change(12, { message: { ...message, text: "네" } }));
    state = withChange(
      state,
      change(13, { progress: { ref: "BE-1", stage: "located", at: message.at } }),
    );
    expect([...state.messages.values()]).toEqual([{ ...message, text: "네" }]);
    expect(state.progress.get("BE-1")?.stage).toBe("located");
  });

  it("take an alert down when it is no longer live", () => {
    let state = withChange(fromSnapshot(snapshot()), change(11, { alert: alert(3, 1, true) }));
    expect(state.alerts.size).toBe(1);
    state = withChange(state, change(12, { alert: alert(3, 2, false) }));
    expect(state.alerts.size).toBe(0);
  });
});
