const keys = new Map<string, string>();

function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Sends something under a key by which the hub knows it again: every try of the same `content` carries
 * the same key until one was answered, so that none counts twice.
 */
export async function once<T>(content: unknown, send: (key: string) => Promise<T>): Promise<T> {
  const what = JSON.stringify(content);
  const key = keys.get(what) ?? newKey();
  keys.set(what, key);
  const answer = await send(key);
  keys.delete(what);
  return answer;
}
