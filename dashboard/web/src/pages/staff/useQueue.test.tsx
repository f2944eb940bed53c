import type { CaseView } from "@contract/protocol";
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { start } from "../../live/connection.ts";
import { fromSnapshot, type TopicState, withFacts } from "../../live/reducer.ts";
import type { Live } from "../../live/socket.ts";
import { live } from "../../state.ts";
import { wantedOf } from "./queue.ts";
import { type Queue, useQueue } from "./useQueue.ts";

const TOPIC = "queue:gu-a";

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
const resolved = (id: number): CaseView => view(id, { version: 2, state: "resolved" });

/** What the hub has: cases of the queue, in pages of one; null: it cannot be reached. */
let hub: CaseView[] | null;
let asked: string[];
let topic: ReturnType<typeof signal<TopicState | null>>;
let listeners: Parameters<Live["listen"]>[0][];
let queue: Queue;
let position: number;

/** An answer that is there within the same turn of the loop. */
const json = (body: object) => ({ ok: true, status: 200, json: () => Promise.resolve(body) });

function answer(address: string): ReturnType<typeof json> {
  const url = new URL(address, "http://hub");
  asked.push(url.pathname.replace("/api/v1", "") + (url.searchParams.has("before") ? "?before" : ""));
  if (!hub) throw new TypeError("no network");
  const one = hub.find(({ id }) => url.pathname.endsWith(`/cases/${id}`));
  if (one) return json({ case: one });
  const state = url.searchParams.get("state") ?? "open";
  const open = (at: string): boolean => ["triage", "queued", "in_progress", "waiting"].includes(at);
  const cases = hub.filter((at) => state === "all" || at.state === state || (state === "open" && open(at.state)));
  const older = url.searchParams.has("before");
  return json({ cases: older ? cases.slice(1) : cases.slice(0, 1), next: older ? null : "1" });
}

const settled = () => act(async () => await new Promise((done) => setTimeout(done)));

function snapshot(...cases: CaseView[]): void {
  topic.value = fromSnapshot({ type: "snapshot", id: 1, topic: TOPIC, position: ++position, cases });
}

/** A case leaves the queue, as the hub tells it. */
function leaves({ id, ref, version, state }: CaseView): void {
  const at = "2026-11-24T02:00:00Z";
  const gone = { id, ref, version, state, kind: "complaint", received_at: at, updated_at: at, gone: true };
  const change = { position: ++position, at, type: "case.moved", case: gone };
  if (topic.value) topic.value = withFacts(topic.value, { type: "facts", topic: TOPIC, position, changes: [change] });
  for (const listener of listeners) listener(TOPIC, change);
}

async function shown(query: string): Promise<void> {
  const wanted = wantedOf(new URLSearchParams(query), "gu-a");
  function List() {
    queue = useQueue(wanted);
    return null;
  }
  await act(() => render(<List />, document.body));
  await settled();
}

const listed = (): string[] => queue.cases.map(({ id, state }) => `${id} ${state}`);

beforeEach(() => {
  [hub, asked, topic, listeners, position] = [[], [], signal<TopicState | null>(null), [], 0];
  vi.stubGlobal("fetch", (address: string) => Promise.resolve(address).then(answer));
  live.value = {
    connection: signal(start(null)),
    hold: () => topic,
    release: () => undefined,
    listen: (listener: (typeof listeners)[number]) => {
      listeners.push(listener);
      return () => void (listeners = listeners.filter((one) => one !== listener));
    },
  } as unknown as Live;
});

afterEach(async () => {
  await act(() => render(null, document.body));
  live.value = null;
  vi.unstubAllGlobals();
});

describe("a queue", () => {
  it("is asked for again with every new snapshot, and not with facts", async () => {
    hub = [view(1)];
    await shown("");
    await act(() => snapshot(view(1), view(2)));
    await settled();
    expect(listed()).toEqual(["2 queued", "1 queued"]);
    await act(() => leaves(resolved(2)));
    await settled();
    expect(asked).toEqual(["/cases"]);
    hub = [];
    await act(() => snapshot()); // too much was missed: no fact said that the first one is done
    await settled();
    expect(asked).toEqual(["/cases", "/cases"]);
    expect(listed()).toEqual([]);
  });

  it("is not given back what has left it by an answer from before", async () => {
    hub = [view(1)];
    await act(() => snapshot(view(1)));
    const wanted = shown("");
    await act(() => leaves(resolved(1)));
    await wanted;
    expect(listed()).toEqual([]);
  });
});

describe("a list that holds more than what is open", () => {
  it("keeps a case that was resolved", async () => {
    hub = [view(1)];
    await shown("state=any");
    await act(() => snapshot(view(1), view(2)));
    hub = [view(1), resolved(2)];
    await act(() => leaves(resolved(2)));
    await settled();
    expect(listed()).toEqual(["2 resolved", "1 queued"]);
  });

  it("gains one that was resolved just now", async () => {
    await shown("state=resolved");
    await act(() => snapshot(view(1)));
    hub = [resolved(1)];
    await act(() => leaves(resolved(1)));
    await settled();
    expect(listed()).toEqual(["1 resolved"]);
  });

  it("drops one that went where it may not be seen", async () => {
    hub = [view(1)];
    await shown("state=any");
    await act(() => snapshot(view(1)));
    hub = null;
    await act(() => leaves(view(1, { version: 2 })));
    await settled();
    expect(listed()).toEqual([]);
  });
});

it("says that older cases did not come, and brings them the next time", async () => {
  hub = [view(2), view(1)];
  await shown("");
  hub = null;
  await act(() => queue.more?.());
  await settled();
  expect(queue.older.refusal?.code).toBe("offline");
  expect(listed()).toEqual(["2 queued"]);
  hub = [view(2), view(1)];
  await act(() => queue.more?.());
  await settled();
  expect(queue.older.refusal).toBeNull();
  expect(listed()).toEqual(["2 queued", "1 queued"]);
  expect(queue.more).toBeNull();
});
