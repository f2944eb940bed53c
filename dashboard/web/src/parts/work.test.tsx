import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useLasting } from "./work.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  render(null, document.body);
  vi.useRealTimers();
});

it("tells of what lasts, not of what passes at once", async () => {
  let lasts = false;
  function Line({ away }: { away: boolean }) {
    lasts = useLasting(away, 2_000);
    return null;
  }
  const line = (away: boolean) => act(() => render(<Line away={away} />, document.body));
  const wait = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
  await line(true);
  await wait(1_900);
  await line(false); // it is back
  await line(true);
  await wait(1_900);
  expect(lasts).toBe(false);
  await wait(100);
  expect(lasts).toBe(true);
  await line(false);
  expect(lasts).toBe(false);
  await line(true);
  expect(lasts).toBe(false);
});
