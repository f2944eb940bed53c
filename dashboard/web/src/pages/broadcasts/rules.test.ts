import { describe, expect, it } from "vitest";
import type { Broadcast, User } from "../../api/types.ts";
import { approval, draftOf, mayEdit, needsReason, offered, shortHash, unsent, withFresh } from "./rules.ts";

const person = (id: number, ...roles: string[]): User => ({
  id,
  login: "x",
  name: "x",
  grants: roles.map((role) => [role, null]),
});

const broadcast = (state: string, edited: number[] = [1]): Broadcast => ({
  id: 1,
  version: 2,
  state,
  severity: "urgent",
  headline: { ko: "가", en: "a" },
  text: { ko: "가", en: "a" },
  areas: ["11680"],
  expires_at: null,
  expires_in_min: 180,
  exercise: true,
  content_hash: "0123456789abcdef0123",
  created_by_name: "x",
  edited_by: edited,
  submitted_at: null,
  approved_by_name: null,
  sent_at: null,
  reason: null,
  mark: null,
});

describe("approving", () => {
  it("needs the role and clean hands", () => {
    expect(approval(person(2, "approver"), broadcast("submitted"))).toBe("may");
    expect(approval(person(1, "approver"), broadcast("submitted"))).toBe("own_text");
    expect(approval(person(2, "broadcaster"), broadcast("submitted"))).toBe("no_role");
    expect(approval(person(3, "approver"), broadcast("submitted", [1, 3]))).toBe("own_text");
  });
});

describe("the moves offered", () => {
  it("follow the state and the role", () => {
    expect(offered(person(1, "broadcaster"), broadcast("draft"))).toEqual(["submitted", "cancelled"]);
    expect(offered(person(2, "approver"), broadcast("submitted"))).toEqual([
      "returned",
      "approved",
      "cancelled",
    ]);
    expect(offered(person(1, "broadcaster"), broadcast("submitted"))).toEqual([
      "draft",
      "cancelled",
    ]);
    expect(offered(person(1, "admin"), broadcast("submitted"))).toEqual([]);
    expect(offered(person(1, "broadcaster"), broadcast("expired"))).toEqual([]);
  });

  it("allow changes only where nobody is asked to approve", () => {
    expect(mayEdit(person(1, "broadcaster"), broadcast("draft"))).toBe(true);
    expect(mayEdit(person(1, "broadcaster"), broadcast("submitted"))).toBe(false);
    expect(mayEdit(person(1, "approver"), broadcast("draft"))).toBe(false);
  });

  it("say which need a reason", () => {
    expect(needsReason("submitted", "returned")).toBe(true);
    expect(needsReason("draft", "submitted")).toBe(false);
  });
});

it("tells why one was never out", () => {
  const over = broadcast("expired");
  expect(unsent(over)).toBe("undecided");
  expect(unsent({ ...over, approved_by_name: "y" })).toBe("late");
  expect(unsent({ ...over, sent_at: "2026-11-24T02:00:00Z" })).toBe(null);
  expect(unsent(broadcast("approved"))).toBe(null);
});

it("begins an edit with what is there", () => {
  expect(draftOf(broadcast("returned"))).toMatchObject({
    severity: "urgent",
    areas: ["11680"],
    expires_in_min: 180,
    exercise: true,
  });
});

it("shows a hash in groups that can be read aloud", () => {
  expect(shortHash("0123456789abcdef0123")).toBe("0123 4567 89ab cdef");
});

describe("what one's own deed answered", () => {
  const old = broadcast("draft");
  const fresh = { ...broadcast("submitted"), version: 3 };

  it("stands in the list at once, and gives way to what is newer", () => {
    expect(withFresh([old], fresh)).toEqual([fresh]);
    expect(withFresh([], fresh)).toEqual([fresh]);
    const newer = { ...broadcast("approved"), version: 4 };
    expect(withFresh([newer], fresh)).toEqual([newer]);
    expect(withFresh([old], null)).toEqual([old]);
  });
});
