import { KINDS } from "@contract/kinds";
import type { Broadcast, BroadcastSent, Severity, User } from "../../api/types.ts";

export const SEVERITIES: readonly Severity[] = ["critical", "urgent", "safety"];
/** Characters that Korea's cell broadcast carries: everywhere, and where the longer form is on. */
export const LIMITS = [90, 157] as const;
export const EXPIRY_MIN = [30, 60, 180, 360, 720, 1440] as const;

const has = (user: User, ...roles: string[]): boolean =>
  user.grants.some(([role]) => roles.includes(role));

/** Why a person may not approve a text: none, no role, or a hand in writing it. */
export function approval(user: User, broadcast: Broadcast): "may" | "no_role" | "own_text" {
  if (!has(user, "approver")) return "no_role";
  return broadcast.edited_by.includes(user.id) ? "own_text" : "may";
}

/** The moves that a person is offered; the hub judges each again. */
export function offered(user: User, broadcast: Broadcast): string[] {
  return KINDS.broadcast.moves
    .filter((move) => move.from === broadcast.state)
    .filter(({ to, guards }) => {
      if ((guards as readonly string[]).includes("system")) return false;
      if (to === "approved" || to === "returned") return has(user, "approver");
      if (to === "submitted" || to === "draft") return has(user, "broadcaster");
      return has(user, "broadcaster", "approver");
    })
    .map((move) => move.to);
}

/** Why one that is over was never out: approved too long before it could go, or never decided on. */
export function unsent(broadcast: Broadcast): "late" | "undecided" | null {
  if (broadcast.state !== "expired" || broadcast.sent_at) return null;
  return broadcast.approved_by_name ? "late" : "undecided";
}

/** Whether its text may still be changed. */
export const editable = (broadcast: Broadcast): boolean =>
  ["draft", "returned"].includes(broadcast.state);

export const mayEdit = (user: User, broadcast: Broadcast): boolean =>
  has(user, "broadcaster") && editable(broadcast);

export const mayWrite = (user: User): boolean => has(user, "broadcaster");

/** Whether a move must say why. */
export const needsReason = (from: string, to: string): boolean =>
  KINDS.broadcast.moves.some(
    (move) =>
      move.from === from && move.to === to && (move.guards as readonly string[]).includes("reason"),
  );

/** What an editor begins with: an empty text, or the one to be changed. */
export function draftOf(broadcast: Broadcast | null): BroadcastSent {
  if (!broadcast)
    return {
      severity: "safety",
      headline: { ko: "", en: "" },
      text: { ko: "", en: "" },
      areas: [],
      expires_in_min: 180,
      exercise: false,
    };
  return {
    severity: broadcast.severity,
    headline: { ...broadcast.headline },
    text: { ...broadcast.text },
    areas: [...broadcast.areas],
    expires_in_min: broadcast.expires_in_min,
    exercise: broadcast.exercise,
  };
}

/** The list with what one's own deed just answered, until the list itself has been asked for anew. */
export function withFresh(all: readonly Broadcast[], fresh: Broadcast | null): Broadcast[] {
  if (!fresh) return [...all];
  const known = all.find((one) => one.id === fresh.id);
  if (!known) return [fresh, ...all];
  return all.map((one) => (one.id === fresh.id && one.version < fresh.version ? fresh : one));
}

/** The first half of a content hash in groups of four: enough to compare by eye or by telephone. */
export const shortHash = (hash: string): string =>
  (hash.slice(0, 16).match(/.{1,4}/g) ?? []).join(" ");
