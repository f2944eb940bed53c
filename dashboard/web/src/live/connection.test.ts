import type { ServerFrame } from "@contract/protocol";
import { describe, expect, it } from "vitest";
import {
  backoffMs,
  type Connection,
  type Effect,
  type Event,
  shownPhase,
  start,
  step,
} from "./connection.ts";

/** Runs events from a start and gives the last state with all effects. */
function run(events: Event[], from: Connection = start(null)): [Connection, Effect[]] {
  let state = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const [next, more] = step(state, event);
    state = next;
    effects.push(...more);
  }
  return [state, effects];
}

const frame = (one: ServerFrame): Event => ({ type: "frame", frame: one });
const welcome = frame({ type: "hello", protocol: 1, position: 3, heartbeat_s: 20 });
const snapshot = (topic: string, position: number): Event =>
  frame({ type: "snapshot", id: 1, topic, position });
const want = (topic: string): Event => ({ type: "want", topic, position: null });
const sent = (effects: Effect[]) => effects.flatMap((one) => (one.do === "send" ? [one.frame] : []));

describe("hello", () => {
  it("goes first, and carries the private link when there is one", () => {
    const key = { ref: "BE-1", secret: "s" };
    expect(sent(run([{ type: "opened" }])[1])).toEqual([{ type: "hello", protocol: 1 }]);
    expect(sent(run([{ type: "opened" }], start(key))[1])).toEqual([
      { type: "hello", protocol: 1, case: key },
    ]);
  });

  it("holds subscriptions back until the hub has answered", () => {
    const [early, before] = run([{ type: "opened" }, want("alerts")]);
    expect(sent(before).map((one) => one.type)).toEqual(["hello"]);
    const [, after] = step(early, welcome);
    expect(sent([...after])).toEqual([{ type: "subscribe", id: 1, topic: "alerts" }]);
  });
});

describe("topics", () => {
  it("are asked for once, and let go of", () => {
    const [state, effects] = run([{ type: "opened" }, welcome, want("me"), want("me")]);
    expect(sent(effects).filter((one) => one.type === "subscribe")).toHaveLength(1);
    const [after, more] = step(state, { type: "drop", topic: "me" });
    expect(sent([...more])).toEqual([{ type: "unsubscribe", id: 1 }]);
    expect(after.topics.size).toBe(0);
  });

  it("get a number of their own each", () => {
    const [, effects] = run([{ type: "opened" }, welcome, want("a"), want("b")]);
    expect(sent(effects).flatMap((one) => (one.type === "subscribe" ? [one.id] : []))).toEqual([1, 2]);
  });

  it("that the hub refuses are remembered and not asked for again", () => {
    const refusal = frame({ type: "error", code: "topic.denied", id: 1 });
    const [state] = run([{ type: "opened" }, welcome, want("queue:x"), refusal]);
    expect(state.refused.get("queue:x")).toBe("topic.denied");
    expect(sent(run([{ type: "opened" }, welcome], state)[1]).map((one) => one.type)).toEqual(["hello"]);
  });
});

describe("a topic that was held", () => {
  const [live] = run([
    { type: "opened" },
    welcome,
    want("case:7"),
    want("queue:a"),
    snapshot("case:7", 7),
    snapshot("queue:a", 7),
  ]);
  const [back] = run([{ type: "closed", code: 1006 }, { type: "retry" }, { type: "opened" }, welcome], live);
  const refusal = (code: string, id: number): Event => frame({ type: "error", code, id });

  it("is forgotten when the hub denies it after the page was away", () => {
    const [state, effects] = step(back, refusal("topic.denied", 1));
    expect(effects).toEqual([{ do: "forget", topic: "case:7" }]);
    expect([...state.topics.keys()]).toEqual(["queue:a"]);
    expect(state.refused.get("case:7")).toBe("topic.denied");
    expect(shownPhase(state)).toBe("live");
  });

  it("is asked for anew after a wait, from where it was, when the hub cannot serve it just now", () => {
    const [away, effects] = run([refusal("unavailable", 1), refusal("unavailable", 2)], back);
    expect(effects).toEqual([{ do: "wait", failures: 1 }]);
    expect(shownPhase(away)).toBe("waiting");
    const [again, more] = step(away, { type: "retry" });
    expect(more.map((one) => one.do === "send" && one.frame)).toEqual([
      { type: "subscribe", id: 1, topic: "case:7", position: 7 },
      { type: "subscribe", id: 2, topic: "queue:a", position: 7 },
    ]);
    expect(shownPhase(again)).toBe("live");
  });

  it("is asked for less and less often while the hub cannot serve, until it can", () => {
    const [still, effects] = run(
      [refusal("unavailable", 1), { type: "retry" }, refusal("unavailable", 1), { type: "retry" }],
      back,
    );
    expect(effects.filter((one) => one.do === "wait").map((one) => one.failures)).toEqual([1, 2]);
    expect(step(still, snapshot("case:7", 9))[0].failures).toBe(0);
  });

  it("is not asked for before the hub said, when the page's address has asked too often", () => {
    const [, effects] = step(
      back,
      frame({ type: "error", code: "rate.limited", id: 1, retry_after_s: 7 }),
    );
    expect(effects).toEqual([{ do: "wait", failures: 1, atLeastS: 7 }]);
  });

  it("is asked for as soon as there is room, when the page holds too many", () => {
    const [full, effects] = run([refusal("topic.too_many", 1), refusal("topic.too_many", 2)], back);
    expect(effects).toEqual([{ do: "wait", failures: 1 }]);
    expect(full.refused.size).toBe(0);
    expect(shownPhase(full)).toBe("waiting");
    const [other] = run([want("alerts")], full);
    const [room, more] = step(other, { type: "drop", topic: "alerts" });
    expect(sent([...more])).toEqual([
      { type: "unsubscribe", id: 3 },
      { type: "subscribe", id: 1, topic: "case:7", position: 7 },
    ]);
    const [, last] = step(room, { type: "retry" });
    expect(sent([...last])).toEqual([{ type: "subscribe", id: 2, topic: "queue:a", position: 7 }]);
  });

  it("does not take the room of another before the hub said, when it asked too often", () => {
    const [state] = run([refusal("rate.limited", 1)], back);
    const [, effects] = step(state, { type: "drop", topic: "queue:a" });
    expect(sent([...effects])).toEqual([{ type: "unsubscribe", id: 2 }]);
  });

  it("that is let go of meanwhile is neither asked for nor let go of at the hub", () => {
    const [, effects] = run(
      [refusal("unavailable", 1), { type: "drop", topic: "case:7" }, { type: "retry" }],
      back,
    );
    expect(sent(effects)).toEqual([]);
  });

  it("is asked for with all others once the line was cut", () => {
    const [, effects] = run(
      [
        refusal("unavailable", 1),
        { type: "closed", code: 1006 },
        { type: "retry" },
        { type: "opened" },
        welcome,
        { type: "retry" },
      ],
      back,
    );
    expect(sent(effects).filter((one) => one.type === "subscribe")).toHaveLength(2);
  });

  it("may be wanted again, and is no longer refused once it is served", () => {
    const [denied] = run([refusal("topic.denied", 1), want("case:7")], back);
    expect(step(denied, snapshot("case:7", 9))[0].refused.size).toBe(0);
  });
});

describe("a hello without a user", () => {
  it("is not live for somebody who is signed in, and is for a guest", () => {
    const [guest] = run([{ type: "opened" }, welcome]);
    expect(shownPhase(guest, true)).toBe("unknown");
    expect(shownPhase(guest)).toBe("live");
    const user = { id: 1, login: "kim", name: "Kim", grants: [] };
    const hello = frame({ type: "hello", protocol: 1, position: 3, heartbeat_s: 20, user });
    expect(shownPhase(run([{ type: "opened" }, hello])[0], true)).toBe("live");
    expect(shownPhase(step(guest, { type: "closed", code: 1006 })[0], true)).toBe("waiting");
  });
});

describe("losing the connection", () => {
  const [live] = run([{ type: "opened" }, welcome, want("alerts"), snapshot("alerts", 7)]);

  it("waits longer each time, and comes back with the position it had", () => {
    const [state, effects] = run(
      [
        { type: "closed", code: 1006 },
        { type: "retry" },
        { type: "closed", code: 1006 },
        { type: "retry" },
        { type: "opened" },
        welcome,
      ],
      live,
    );
    expect(effects.filter((one) => one.do === "wait")).toEqual([
      { do: "wait", failures: 1 },
      { do: "wait", failures: 2 },
    ]);
    expect(sent(effects).at(-1)).toEqual({ type: "subscribe", id: 1, topic: "alerts", position: 7 });
    expect(state).toMatchObject({ phase: "live", failures: 0 });
  });

  it("follows the position that facts bring", () => {
    const facts = frame({ type: "facts", topic: "alerts", position: 9, changes: [] });
    expect(step(live, facts)[0].topics.get("alerts")?.position).toBe(9);
  });

  it("is final when the hub ended the session", () => {
    const [state, effects] = run([{ type: "closed", code: 4401 }, { type: "retry" }], live);
    expect(state.phase).toBe("ended");
    expect(effects).toEqual([]);
  });

  it("is not final when its hello came too late, as that of a phone that slept", () => {
    const [state, effects] = run(
      [{ type: "closed", code: 4400 }, { type: "retry" }, { type: "closed", code: 4400 }],
      live,
    );
    expect(state.phase).toBe("waiting");
    expect(effects).toEqual([
      { do: "wait", failures: 1 },
      { do: "connect" },
      { do: "wait", failures: 2 },
    ]);
  });

  it("is not final when too many pages of the address are open", () => {
    expect(step(live, { type: "closed", code: 4429 })[0].phase).toBe("waiting");
  });
});

describe("a frame that asks for nothing", () => {
  it("changes nothing: a beat, or one of a later hub to a page that stayed open", () => {
    const [live] = run([{ type: "opened" }, welcome]);
    for (const type of ["beat", "weather"])
      expect(step(live, frame({ type } as ServerFrame))).toEqual([live, []]);
  });
});

describe("resync", () => {
  const [live] = run([{ type: "opened" }, welcome, want("alerts"), snapshot("alerts", 7)]);
  const resync = (reason: "too_slow" | "not_allowed"): Event =>
    frame({ type: "resync", topic: "alerts", position: 99, reason });

  it("asks anew, without a position and under a new number", () => {
    const [state, effects] = step(live, resync("too_slow"));
    expect(sent([...effects])).toEqual([
      { type: "unsubscribe", id: 1 },
      { type: "subscribe", id: 2, topic: "alerts" },
    ]);
    expect(state.topics.get("alerts")).toEqual({ id: 2, position: null });
  });

  it("forgets a topic that is no longer allowed", () => {
    const [state, effects] = step(live, resync("not_allowed"));
    expect(effects).toEqual([{ do: "forget", topic: "alerts" }]);
    expect(state.topics.size).toBe(0);
    expect(state.refused.get("alerts")).toBe("topic.denied");
  });
});

describe("back-off", () => {
  it("doubles to half a minute, with jitter", () => {
    expect([0, 1, 2, 3].map((n) => backoffMs(n, 0.999_999))).toEqual([500, 1000, 2000, 4000]);
    expect(backoffMs(50, 1)).toBe(30_000);
    expect(backoffMs(3, 0)).toBe(1200);
  });
});
