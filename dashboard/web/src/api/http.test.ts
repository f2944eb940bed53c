import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { call } from "./http.ts";

/** A hub that never answers: asking ends only when it is told to stop. */
const silent = (_: string, { signal }: { signal: AbortSignal }): Promise<never> =>
  new Promise((_, fail) => {
    const stop = (): void => fail(new DOMException("stopped", "AbortError"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });

describe("asking the hub where the browser has no AbortSignal.any", () => {
  beforeEach(() => {
    Object.defineProperty(AbortSignal, "any", { value: undefined, configurable: true });
    vi.stubGlobal("fetch", vi.fn(silent));
  });
  afterEach(() => {
    delete (AbortSignal as { any?: unknown }).any;
    vi.unstubAllGlobals();
  });

  it("answers what the hub answers", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ ref: "A" }))));
    const { signal } = new AbortController();
    expect(await call("/complaints/A", { signal })).toEqual({ ref: "A" });
  });

  it("stops when the page no longer wants it", async () => {
    const stop = new AbortController();
    const asked = call("/complaints/A", { signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toThrow("stopped");
    await expect(call("/complaints/A", { signal: stop.signal })).rejects.toThrow("stopped");
  });

  it("gives up after a while, as it does without a signal", async () => {
    const late = new AbortController();
    vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
    const asked = call("/complaints/A", { signal: new AbortController().signal });
    late.abort();
    await expect(asked).rejects.toMatchObject({ code: "offline" });
  });
});
