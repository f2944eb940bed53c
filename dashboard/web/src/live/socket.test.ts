import type { ClientFrame, ServerFrame } from "@contract/protocol";
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
