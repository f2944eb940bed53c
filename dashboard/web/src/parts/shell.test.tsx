import type { ServerFrame, Who } from "@contract/protocol";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Session } from "../api/types.ts";
import { enter, live, session, watchForEnd } from "../state.ts";
import { Shell } from "./shell.tsx";

class Line {
  static readonly OPEN = 1;
  static last: Line;
  onmessage: ((message: { data: string }) => void) | null = null;

  constructor() {
    Line.last = this;
  }

  send(): void {}
  close(): void {}

  greet(user?: Who): void {
    const hello: ServerFrame = { type: "hello", protocol: 1, position: 1, heartbeat_s: 20 };
    this.onmessage?.({ data: JSON.stringify(user ? { ...hello, user } : hello) });
  }
}

const user = { id: 7, login: "kim", name: "Kim", grants: [] };
const signedIn = { user, csrf: "c", live_url: "ws://hub.example/live", samples: false } as unknown as Session;
/** Who is signed in, as the hub answers it. */
let known: Session;
let asked: string[];

watchForEnd();

const wait = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });
const badge = () => document.querySelector(".live")?.className;
const notice = () => document.querySelector(".staff-lines [role=alert]");

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
  asked = [];
  known = signedIn;
  vi.stubGlobal("fetch", (path: string) => {
    if (path.endsWith("/session")) asked.push(path);
    const body = path.endsWith("/session") ? known : [];
    return Promise.resolve(new Response(JSON.stringify(body)));
  });
  enter(signedIn);
  await act(() => render(<Shell staff>page</Shell>, document.body));
});

afterEach(() => {
  render(null, document.body);
  live.value?.stop();
  live.value = session.value = null;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("says that nothing is live where the hub takes who is signed in for a guest", async () => {
  await act(() => Line.last.greet());
  await wait(0);
  expect(badge()).toBe("live unknown");
  expect(asked).toHaveLength(1);
  await wait(5_000);
  expect(notice()).not.toBeNull();
  expect(asked).toHaveLength(1);
});

it("is live once the hub knows who is signed in", async () => {
  await act(() => Line.last.greet(user));
  await wait(5_000);
  expect(badge()).toBe("live live");
  expect(notice()).toBeNull();
  expect(asked).toHaveLength(0);
});

it("takes a session that ended meanwhile for what it is", async () => {
  known = { ...signedIn, user: null, csrf: null };
  await act(() => Line.last.greet());
  await wait(0);
  expect(session.value?.user).toBeNull();
  await act(() => Line.last.greet());
  await wait(5_000);
  expect(badge()).toBe("live live");
  expect(notice()).toBeNull();
});
