import { expect, it } from "vitest";
import { once } from "./once.ts";

it("keeps the key until the hub has answered, and takes a new one for anything else", async () => {
  const keys: string[] = [];
  const answered = (key: string): Promise<void> => Promise.resolve(void keys.push(key));
  const lost = (key: string): Promise<void> =>
    answered(key).then(() => Promise.reject(new Error("offline")));
  await expect(once(["note", 1, "가"], lost)).rejects.toThrow("offline");
  await once(["note", 1, "나"], answered);
  await once(["note", 1, "가"], answered);
  await once(["note", 1, "가"], answered); // meant: it is said a second time
  const [first, other, again, later] = keys;
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(again).toBe(first);
  expect(new Set([first, other, later]).size).toBe(3);
});
