import { expect, it } from "vitest";
import { complaint, emptyDraft } from "./pages/home/draft.ts";
import { pageOf } from "./router.ts";

it("knows its pages by their paths", () => {
  expect(pageOf("/")).toEqual({ name: "home" });
  expect(pageOf("/c/BE-7")).toEqual({ name: "case", ref: "BE-7" });
  expect(pageOf("/staff")).toEqual({ name: "staff" });
  expect(pageOf("/staff/broadcasts")).toEqual({ name: "broadcasts" });
  expect(pageOf("/staff/accounts/")).toEqual({ name: "accounts" });
  expect(pageOf("/staff/password")).toEqual({ name: "password" });
  expect(pageOf("/c/%E0%A4%A")).toEqual({ name: "case", ref: "%E0%A4%A" });
  expect(pageOf("/c")).toEqual({ name: "missing" });
  expect(pageOf("/staff/other")).toEqual({ name: "missing" });
});

it("sends of a draft only what was filled in", () => {
  expect(complaint({ ...emptyDraft, text: " 가로등 ", email: " " }, [], "ko")).toEqual({
    text: "가로등",
    language: "ko",
  });
  const full = {
    text: "a",
    where: { at: { lat: 37.5, lon: 127 }, place: "강남역", suggested: false },
    name: "",
    email: "a@b.kr",
    phone: "",
    language: "en" as const,
  };
  expect(complaint(full, ["p1"], "ko")).toEqual({
    text: "a",
    lat: 37.5,
    lon: 127,
    place: "강남역",
    language: "en",
    contact: { email: "a@b.kr" },
    photos: ["p1"],
  });
});
