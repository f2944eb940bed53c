import { useTopic } from "../live/use.ts";
import { hasRole } from "../state.ts";

/** How many broadcasts wait for approval, live; null for whoever may not approve any. */
export function useApprovals(): number | null {
  const state = useTopic(hasRole("approver") ? "broadcasts" : null);
  return state && [...state.broadcasts.values()].filter((one) => one.state === "submitted").length;
}
