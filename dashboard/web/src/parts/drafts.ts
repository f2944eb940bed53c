import { signal } from "@preact/signals";
import { useCallback } from "preact/hooks";
import { session } from "../state.ts";

/** What was begun and not sent, by whose and what it is; in memory only, so that it ends with the tab. */
const drafts = signal<ReadonlyMap<string, unknown>>(new Map());

/**
 * A piece of writing that outlives its form: whoever looks at another case meanwhile finds it again.
 * `null` stands for nothing begun. Each person signed in here has their own.
 */
export function useDraft<T>(name: string): [T | null, (draft: T | null) => void] {
  const key = `${session.value?.user?.id ?? "guest"}/${name}`;
  const set = useCallback(
    (draft: T | null) => {
      const next = new Map(drafts.peek());
      if (draft === null) next.delete(key);
      else next.set(key, draft);
      drafts.value = next;
    },
    [key],
  );
  return [(drafts.value.get(key) as T | undefined) ?? null, set];
}

/** Lets the browser ask before it throws away what was begun. */
export function guardDrafts(): void {
  addEventListener("beforeunload", (event) => {
    if (drafts.peek().size) event.preventDefault();
  });
}
