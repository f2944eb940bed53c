import { type ClientFrame, MAX_TOPICS, type ServerFrame } from "@contract/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { shownPhase } from "./connection.ts";
import { Live } from "./socket.ts";

/** A line that does what a test says; a dead one never tells the page that it closed. */
class Line {
  static readonly OPEN = 1;
  static all: Line[] = [];
  readyState = 0;
  closed = false;
  sent: ClientFrame[] = [];
  onopen: (() => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;

  constructor() {
    Line.all.push(this);
  }

  static get last(): Line {
    const last = Line.all.at(-1);
    if (!last) throw new Error("the page has not connected");
    return last;
  }

  send(frame: string): void {
    this.sent.push(JSON.parse(frame) as ClientFrame);
  }

  close(): void {
    this.closed = true;
  }

  bring(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  greet(heartbeat_s = 20): void {
    this.readyState = Line.OPEN;
    this.onopen?.();
    this.bring({ type: "hello", protocol: 1, position: 1, heartbeat_s });
  }
}

let live: Live;
const phase = (): string => shownPhase(live.connection.peek());

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
  Line.all = [];
  live = new Live("ws://hub.example/live", null);
});

afterEach(() => {
  live.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a line that brings nothing", () => {
  it("is live as long as it beats", () => {
    Line.last.greet();
    for (let beats = 0; beats < 50; beats += 1) {
      vi.advanceTimersByTime(20_000);
      Line.last.bring({ type: "beat" });
    }
    expect(phase()).toBe("live");
    expect(Line.all).toHaveLength(1);
  });

  it("is given up after two and a half heartbeats, without waiting for the other end", () => {
    Line.last.greet(4);
    const dead = Line.last;
    vi.advanceTimersByTime(9_999);
    expect(phase()).toBe("live");
    vi.advanceTimersByTime(1);
    expect(phase()).toBe("waiting");
    expect(dead.closed).toBe(true);
    vi.advanceTimersByTime(500);
    expect(Line.all).toHaveLength(2);
    Line.last.greet(4);
    dead.onclose?.({ code: 1006 });
    expect(phase()).toBe("live");
  });

  it("is given up, too, when the hub never answers", () => {
    vi.advanceTimersByTime(50_000);
    expect(phase()).toBe("waiting");
    vi.advanceTimersByTime(500);
    expect(Line.all).toHaveLength(2);
  });

  it("is not given up twice", () => {
    Line.last.greet(4);
    Line.last.onclose?.({ code: 4401 });
    vi.advanceTimersByTime(600_000);
    expect(phase()).toBe("ended");
    expect(Line.all).toHaveLength(1);
    live.stop();
    vi.advanceTimersByTime(600_000);
    expect(Line.all).toHaveLength(1);
  });

  it("is given up at once when the network says that it is back", () => {
    Line.last.greet();
    dispatchEvent(new Event("online"));
    expect(phase()).toBe("waiting");
    vi.advanceTimersByTime(500);
    expect(Line.all).toHaveLength(2);
  });
});

describe("topics of pages that were left", () => {
  const queues = Array.from({ length: 24 }, (_, number) => `queue:${number}`);
  /** Which topics the hub has open, after all that the line was sent; never more than it allows. */
  const open = (): string[] => {
    const topics = new Map<number, string>();
    for (const frame of Line.last.sent) {
      if (frame.type === "subscribe") topics.set(frame.id, frame.topic);
      if (frame.type === "unsubscribe") topics.delete(frame.id);
      expect(topics.size).toBeLessThanOrEqual(MAX_TOPICS);
    }
    return [...topics.values()];
  };

  it("make room at once for those that are looked at, the oldest first", () => {
    Line.last.greet();
    for (const topic of ["me", "alerts", ...queues]) live.hold(topic);
    for (let number = 1; number <= 36; number += 1) {
      live.hold(`case:${number}`);
      if (number < 36) live.release(`case:${number}`);
    }
    const cases = [31, 32, 33, 34, 35, 36].map((number) => `case:${number}`);
    expect(open()).toEqual(["me", "alerts", ...queues, ...cases]);
    vi.advanceTimersByTime(5_000);
    expect(open()).toEqual(["me", "alerts", ...queues, "case:36"]);
  });

  it("are there still for who comes back soon, and stay as long as somebody looks", () => {
    Line.last.greet();
    live.hold("case:1");
    live.hold("case:1");
    live.release("case:1");
    live.release("case:1");
    vi.advanceTimersByTime(4_000);
    live.hold("case:1");
    vi.advanceTimersByTime(10_000);
    expect(Line.last.sent.map((frame) => frame.type)).toEqual(["hello", "subscribe"]);
  });
});
