import { signal } from "@preact/signals";
import { language, t } from "./texts.ts";

/** The present moment in ms since 1970, moved on every 15 s, so that clocks on the page run. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 15_000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});

const cached = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language.value + JSON.stringify(options);
  let made = cached.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(language.value === "ko" ? "ko-KR" : "en-GB", options);
    cached.set(key, made);
  }
  return made;
}

/** "11월 24일 16:30" / "24 Nov, 16:30", in the reader's own zone. */
export const dateTime = (at: string): string =>
  // Not hour12: false, which some engines take for hours from 1 to 24.
  formatter({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    .format(new Date(at));

/** "2026년 11월 24일 화요일 16:30:05" in full, for a title. */
export const fullDateTime = (at: string): string =>
  formatter({ dateStyle: "full", timeStyle: "medium" }).format(new Date(at));

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** A length of time in its largest whole unit: "3 h", "12 min", "2 d". */
export function span(ms: number): string {
  const length = Math.abs(ms);
  const [unit, size] = UNITS.find(([, size]) => length >= size) ?? UNITS[2];
  const value = Math.floor(length / size);
  if (unit === "day") return t("time.days", { n: value });
  return unit === "hour" ? t("time.hours", { n: value }) : t("time.minutes", { n: value });
}

/** How long ago, seen from `present` (ms): "just now", "5 min ago", then the date. */
export function ago(at: string, present: number): string {
  const past = present - Date.parse(at);
  if (past < 60_000) return t("time.now");
  return past < 7 * 86_400_000 ? t("time.ago", { span: span(past) }) : dateTime(at);
}

/** A confidence or share as whole percent: "83%" / "83 %". */
export const percent = (share: number): string =>
  `${Math.round(share * 100)}${language.value === "ko" ? "%" : " %"}`;

/** Characters as a phone's message counts them: by code point, line breaks as one. */
export const length = (text: string): number =>
  Array.from(text.replaceAll("\r\n", "\n").trim()).length;

/** The first limit that a text of `count` characters still fits into, or null when it fits none. */
export const fits = (count: number, limits: readonly number[]): number | null =>
  limits.find((limit) => count <= limit) ?? null;
