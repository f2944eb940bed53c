import type { CaseView } from "@contract/protocol";
import { describe, expect, it } from "vitest";
import { keyOf } from "./keys.tsx";
import { canUndo, fitsWanted, holdsClosed, newest, openByQueue, sorted, stepped, wantedOf } from "./queue.ts";

const view = (id: number, more: Partial<CaseView> = {}): CaseView => ({
  id,
  version: 1,
  ref: `BE-${id}`,
  kind: "complaint",
  state: "queued",
  agency: "gu-a",
  received_at: `2026-11-24T01:00:0${id}Z`,
  updated_at: "2026-11-24T01:00:00Z",
  ...more,
});
const wanted = (query: string) => wantedOf(new URLSearchParams(query), "gu-a");
const fits = (query: string, one: CaseView) => fitsWanted(one, wanted(query), 7, ["gu-a", "gu-b"]);

describe("the next case", () => {
  const list = [view(1), view(2), view(3), view(4)];
  const without = (...gone: number[]) => list.filter(({ id }) => !gone.includes(id));
  const to = (cases: CaseView[], at: number | null, by: 1 | -1) => stepped(cases, at, by, list)?.id;

  it("lies below or above, and the list has two ends", () => {
    expect(to(list, 2, 1)).toBe(3);
    expect(to(list, 2, -1)).toBe(1);
    expect(to(list, 4, 1)).toBe(4);
    expect(to(list, 1, -1)).toBe(1);
    expect(to(list, null, 1)).toBe(1);
    expect(to([], 2, 1)).toBeUndefined();
  });
  it("is where it was when the one before has left, whatever came in above", () => {
    expect(to([view(9), ...without(2)], 2, 1)).toBe(3);
    expect(to([view(9), ...without(2)], 2, -1)).toBe(1);
    expect(to(without(2, 3), 2, 1)).toBe(4);
    expect(to(without(3, 4), 3, 1)).toBe(2);
    expect(to([view(9)], 2, 1)).toBe(9);
  });
});

describe("what belongs on a list", () => {
  it("is open and of the queue, unless a state is asked for", () => {
    expect(fits("", view(1))).toBe(true);
    expect(fits("", view(1, { state: "closed" }))).toBe(false);
    expect(fits("state=closed", view(1, { state: "closed" }))).toBe(true);
    expect(fits("state=any", view(1, { state: "merged" }))).toBe(true);
    expect(fits("", view(1, { agency: "gu-b" }))).toBe(false);
    expect(fits("queue=all", view(1, { agency: "gu-b" }))).toBe(true);
    expect(fits("queue=triage", view(1, { state: "triage", agency: null }))).toBe(true);
    expect(fits("queue=triage", view(1))).toBe(false);
  });

  it("is anything that was found, where all is searched", () => {
    const one = view(1, { state: "closed", agency: "gu-z", service: "noise" });
    expect(fits("state=queued&service=taxi&q=KM7R2-9TXPA", one)).toBe(true); // a whole reference
    expect(fits("service=taxi&q=pothole&everywhere=1", one)).toBe(true);
    expect(fits("q=KM7R2-9TXP", one)).toBe(false);
    expect(fits("everywhere=1", one)).toBe(false); // nothing is searched for
    expect(["", "state=queued", "state=any", "state=closed", "q=a&everywhere=1"].map((query) =>
      holdsClosed(wanted(query)))).toEqual([false, false, true, true, true]);
  });

  it("passes every filter that is set", () => {
    const one = view(1, { service: "noise", district: "11680", urgency: "high", assignee: 7 });
    expect(fits("service=noise&district=11680&urgency=high&mine=1", one)).toBe(true);
    expect(fits("service=waste", one)).toBe(false);
    expect(fits("mine=1", view(1, { assignee: 8 }))).toBe(false);
    expect(fits("marks=0", view(1, { mark: "sample" }))).toBe(false);
  });
});

describe("the order", () => {
  const cases = [
    view(1),
    view(2, { deadline_at: "2026-11-25T00:00:00Z" }),
    view(3, { deadline_at: "2026-11-24T00:00:00Z", overdue: true }),
    view(4, { urgency: "emergency" }),
    view(5),
  ];

  it("puts emergencies first, then the overdue, then by deadline, then the newest", () => {
    expect(sorted(cases, "pressing").map((one) => one.id)).toEqual([4, 3, 2, 5, 1]);
  });

  it("can be by time alone", () => {
    expect(sorted(cases, "newest").map((one) => one.id)).toEqual([5, 4, 3, 2, 1]);
  });
});

it("keeps the highest version of what several sources hold", () => {
  const known = newest([view(1)], [view(1, { version: 3 })], [view(1, { version: 2 }), view(2)]);
  expect([...known.values()].map((one) => [one.id, one.version])).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

it("counts what is open, by queue", () => {
  const counts = openByQueue([
    { agency: "gu-a", state: "queued", total: 3 },
    { agency: "gu-a", state: "in_progress", total: 2 },
    { agency: "gu-a", state: "closed", total: 50 },
    { agency: null, state: "triage", total: 4 },
  ]);
  expect([...counts]).toEqual([
    ["gu-a", 5],
    ["triage", 4],
  ]);
});

describe("undoing", () => {
  const undone = (from: string, to: string) =>
    canUndo(view(1, { state: from }), view(1, { state: to, version: 2 }));

  it("is offered where the case can be put back as it was", () => {
    expect(undone("queued", "in_progress")).toBe(true);
    expect(undone("in_progress", "triage")).toBe(true);
    expect(undone("waiting", "in_progress")).toBe(true);
    expect(undone("in_progress", "resolved")).toBe(true);
    expect(undone("triage", "set_aside")).toBe(true);
    expect(undone("in_progress", "in_progress")).toBe(true); // another person has it
  });

  it("is not where it would end elsewhere, nor where nothing was done", () => {
    expect(undone("queued", "resolved")).toBe(false);
    expect(undone("in_progress", "set_aside")).toBe(false);
    expect(undone("resolved", "closed")).toBe(false);
    expect(undone("merged", "queued")).toBe(false);
    expect(undone("queued", "withdrawn")).toBe(false);
    expect(canUndo(view(1), view(1))).toBe(false);
  });
});

describe("keys", () => {
  const press = (target: Element, init: KeyboardEventInit): string | null => {
    let key: string | null = null;
    document.body.append(target);
    target.addEventListener("keydown", (event) => {
      key = keyOf(event as KeyboardEvent);
    });
    target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...init }));
    target.remove();
    return key;
  };

  it("are read by their place, so that a Korean layout works", () => {
    expect(press(document.createElement("p"), { key: "ㅓ", code: "KeyJ" })).toBe("j");
  });

  it("belong to a field, a button or the browser first", () => {
    expect(press(document.createElement("textarea"), { key: "j", code: "KeyJ" })).toBeNull();
    expect(press(document.createElement("button"), { key: "Enter", code: "Enter" })).toBeNull();
    expect(press(document.createElement("p"), { key: "c", code: "KeyC", ctrlKey: true })).toBeNull();
  });
});
