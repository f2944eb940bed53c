import type { TextKey } from "@contract/texts";
import { effect, signal } from "@preact/signals";
import type { Language } from "../api/types.ts";

type Catalogue = Record<string, string>;
type Values = Record<string, string | number>;

const STORED = "bigear.language";

/** The language to begin with: what was chosen here before, else the browser's first that we have. */
export function firstLanguage(stored: string | null, wanted: readonly string[]): Language {
  if (stored === "ko" || stored === "en") return stored;
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase());
  return known.find((tag): tag is Language => tag === "ko" || tag === "en") ?? "en";
}

export const language = signal<Language>("ko");
const catalogue = signal<Catalogue>({});

const load = async (wanted: Language): Promise<Catalogue> =>
  (wanted === "ko" ? await import("virtual:texts/ko") : await import("virtual:texts/en")).default;

/** Fills a text's `{places}`; one without a value stays as it is written. */
export function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text of a key in the reader's language. */
export function t(key: TextKey, values: Values = {}): string {
  return fill(catalogue.value[key] ?? key, values);
}

/** The sections of words for codes that the hub sends. */
type Words = "state" | "kind" | "stage" | "mark" | "urgency" | "intent" | "severity" | "role";
type MoreWords = "fact" | "health" | "platform" | "located" | "progress" | "move";
type OwnWords = "message" | "shown" | "why";

/** The word for a code of the hub; the code itself when a newer hub sends one unknown here. */
export function word(section: Words | MoreWords | OwnWords, code: string | null | undefined): string {
  return code ? (catalogue.value[`${section}.${code}`] ?? code.replaceAll("_", " ")) : "";
}

/** The name of something that the hub names in both languages. */
export const named = (one: { name_ko: string; name_en: string }): string =>
  language.value === "ko" ? one.name_ko : one.name_en;

/** Changes the language, remembers it, and resolves when its texts are there. */
export async function setLanguage(wanted: Language): Promise<void> {
  const texts = await load(wanted);
  catalogue.value = texts;
  language.value = wanted;
  try {
    localStorage.setItem(STORED, wanted);
  } catch {
    // Storage can be switched off; the choice then lasts as long as the page.
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Loads the first language; called once before anything is drawn. */
export async function startTexts(): Promise<void> {
  const first = firstLanguage(stored(), navigator.languages);
  catalogue.value = await load(first);
  language.value = first;
  effect(() => {
    document.documentElement.lang = language.value;
  });
}
