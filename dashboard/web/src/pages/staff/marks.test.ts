import { describe, expect, it } from "vitest";
import { cut } from "./marks.ts";

const shown = (...asked: Parameters<typeof cut>): string =>
  cut(...asked)
    .map(({ text, place, reason }) => (place || reason ? `[${text}|${place ? "p" : ""}${reason ? "r" : ""}]` : text))
    .join("");

describe("what is marked in a text", () => {
  it("is each place and each reason, and what is both", () => {
    expect(shown("신림동 가로등이 꺼짐", [{ start: 0, end: 3 }], [{ start: 4, end: 8 }])).toBe(
      "[신림동|p] [가로등이|r] 꺼짐",
    );
    expect(shown("강남역 앞", [{ start: 0, end: 5 }], [{ start: 0, end: 3 }])).toBe("[강남역|pr][ 앞|p]");
  });

  it("counts by code point", () => {
    expect(shown("🔥 fire", [], [{ start: 2, end: 6 }])).toBe("🔥 [fire|r]");
  });

  it("is nothing that does not lie in it", () => {
    expect(shown("ab", [{ start: 1, end: 9 }], [{ start: -1, end: 1 }, { start: 1, end: 1 }])).toBe("ab");
    expect(shown("", [], [])).toBe("");
  });
});
