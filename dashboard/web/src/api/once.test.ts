import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { person, Refusal } from "./http.ts";
import { once } from "./once.ts";

let keys: string[] = [];
const answered = (key: string): Promise<void> => Promise.resolve(void keys.push(key));
const failing =
  (error: Error) =>
  (key: string): Promise<void> =>
    answered(key).then(() => Promise.reject(error));
const lost = failing(new Refusal(0, {}));
const refusal = (status: number, code: string): Refusal => new Refusal(status, { error: { code } });

beforeEach(() => {
  vi.useFakeTimers();
  keys = [];
});
afterEach(() => {
  person.value = null;
  vi.useRealTimers();
});

it("keeps the key until the hub has answered, and takes a new one for anything else", async () => {
  await expect(once(["note", 1, "가"], lost)).rejects.toThrow("offline");
  await once(["note", 1, "나"], answered);
  await once(["note", 1, "가"], answered);
  await once(["note", 1, "가"], answered); // meant: it is said a second time
  const [first, other, again, later] = keys;
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(again).toBe(first);
  expect(new Set([first, other, later]).size).toBe(3);
});

it("takes a new key for what is said again long after the last try", async () => {
  await expect(once(["answer", 2], lost)).rejects.toThrow("offline");
  vi.advanceTimersByTime(9 * 60_000);
  await expect(once(["answer", 2], lost)).rejects.toThrow("offline");
  vi.advanceTimersByTime(9 * 60_000);
  await expect(once(["answer", 2], lost)).rejects.toThrow("offline");
  vi.advanceTimersByTime(11 * 60_000);
  await once(["answer", 2], answered);
  expect(new Set(keys.slice(0, 3)).size).toBe(1);
  expect(keys[3]).not.toBe(keys[0]);
});

it("gives nobody the key of somebody else", async () => {
  person.value = 1;
  await expect(once(["answer", 3], lost)).rejects.toThrow("offline");
  person.value = 2;
  await once(["answer", 3], answered);
  person.value = 1;
  await once(["answer", 3], answered);
  expect(keys[1]).not.toBe(keys[0]);
  expect(keys[2]).toBe(keys[0]);
});

it.each([
  ["an input that is wrong", refusal(400, "text.empty"), true],
  ["a case that has moved on", refusal(409, "case.version"), true],
  ["a session that ended, which the hub sees before the key", refusal(401, "session.required"), false],
  ["asking too often, which the hub sees before the key", refusal(429, "rate.limited"), false],
  ["a hub that cannot just now", refusal(503, "unavailable"), false],
  ["a proxy in place of the hub", new Refusal(404, {}), false],
  ["no answer", new Refusal(0, {}), false],
])("after %s", async (what, error, anew) => {
  await expect(once(["answer", what], failing(error))).rejects.toBe(error);
  await once(["answer", what], answered);
  expect(keys[1] !== keys[0]).toBe(anew);
});
