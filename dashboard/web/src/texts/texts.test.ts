import { beforeAll, describe, expect, it, vi } from "vitest";
import { flat } from "../../texts.plugin.ts";
import { ago, dateTime, fits, length, percent, span } from "./format.ts";
import { fill, firstLanguage, language, setLanguage, t, word } from "./texts.ts";

describe("the first language", () => {
  it("is the one chosen before", () => {
    expect(firstLanguage("ko", ["en-US"])).toBe("ko");
  });

  it("is else the browser's first that we have", () => {
    expect(firstLanguage(null, ["fr-FR", "ko-KR", "en"])).toBe("ko");
    expect(firstLanguage("xx", ["en-GB", "ko"])).toBe("en");
    expect(firstLanguage(null, ["fr"])).toBe("en");
  });
});

describe("texts", () => {
  beforeAll(() => setLanguage("en"));

  it("come from the catalogue, with their places filled", () => {
    expect(t("photo.hint", { n: 5 })).toContain("Up to 5");
    expect(fill("{a} {b}", { a: 0 })).toBe("0 {b}");
  });

  it("change with the language, and the choice is kept", async () => {
    await setLanguage("ko");
    expect(word("state", "queued")).toBe("접수됨");
    expect(localStorage.getItem("bigear.language")).toBe("ko");
    await setLanguage("en");
    expect(word("state", "queued")).toBe("Queued");
    expect(language.value).toBe("en");
  });

  it("show a code that is not known here as it is", () => {
    expect(word("state", "on_hold")).toBe("on hold");
    expect(word("state", null)).toBe("");
  });

  it("flatten nested tables to dotted keys", () => {
    expect(flat({ a: { "b.c": "1", d: { e: "2" } } })).toEqual({ "a.b.c": "1", "a.d.e": "2" });
  });
});

describe("times and lengths", () => {
  const present = Date.parse("2026-11-24T12:00:00Z");

  it("say how long ago in the largest whole unit", () => {
    expect(ago("2026-11-24T11:59:30Z", present)).toBe("just now");
    expect(ago("2026-11-24T11:01:00Z", present)).toBe("59 min ago");
    expect(ago("2026-11-24T09:30:00Z", present)).toBe("2 h ago");
    expect(ago("2026-11-20T12:00:00Z", present)).toBe("4 d ago");
    expect(ago("2026-10-01T12:00:00Z", present)).toMatch(/1 Oct/);
    expect(span(-90 * 60_000)).toBe("1 h");
  });

  it("write percent as the language does", async () => {
    expect(percent(0.834)).toBe("83 %");
    await setLanguage("ko");
    expect(percent(0.834)).toBe("83%");
    await setLanguage("en");
  });

  it("begin the day at 00, on every engine", async () => {
    const made = vi.spyOn(Intl, "DateTimeFormat");
    await setLanguage("ko");
    expect(dateTime(new Date(2026, 10, 24, 0, 5).toISOString())).toContain("00:05");
    expect(made.mock.calls[0]?.[1]).toMatchObject({ hourCycle: "h23" });
    expect(made.mock.calls[0]?.[1]).not.toHaveProperty("hour12"); // false may mean 1 to 24
    made.mockRestore();
    await setLanguage("en");
  });

  it("count characters as a phone does", () => {
    expect(length("한파 주의보\r\n발효 ")).toBe(9);
    expect(length("🚒")).toBe(1);
  });

  it("find the shortest message that a text fits", () => {
    expect([0, 90, 91, 157, 158].map((count) => fits(count, [90, 157]))).toEqual([
      90, 90, 157, 157, null,
    ]);
  });
});
