import { person, Refusal } from "./http.ts";

/** How long after its last try the same content is the same deed, and not one done a second time. */
const SAME_FOR_MS = 10 * 60_000;

/** Refusals that come before the hub looks for the key: of who asks, and of how often. */
const BEFORE_THE_KEY = [401, 403, 429];

const keys = new Map<string, { key: string; at: number }>();

function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the hub itself said that this cannot be done: then nothing was done under the key before. */
function refused(error: unknown): boolean {
  if (!(error instanceof Refusal) || error.code === "internal") return false;
  return error.status >= 400 && error.status < 500 && !BEFORE_THE_KEY.includes(error.status);
}

/**
 * Sends something under a key by which the hub knows it again: every try of the same `content` by the
 * same person carries the same key until one was answered or refused, so that none counts twice. Not
 * for long: who says the same much later means it anew, though the first answer was lost.
 */
export async function once<T>(content: unknown, send: (key: string) => Promise<T>): Promise<T> {
  const now = Date.now();
  for (const [old, { at }] of keys) if (now - at > SAME_FOR_MS) keys.delete(old);
  const what = JSON.stringify([person.peek(), content]);
  const key = keys.get(what)?.key ?? newKey();
  keys.set(what, { key, at: now });
  try {
    const answer = await send(key);
    keys.delete(what);
    return answer;
  } catch (error) {
    if (refused(error)) keys.delete(what);
    throw error;
  }
}
