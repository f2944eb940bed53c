import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import type { Plugin } from "vite";

type Nested = { [key: string]: string | Nested };

/** Sections that only the hub's own answers use; a page shows the words that an answer carries. */
const NOT_FOR_PAGES = ["error"];

/** The texts of a parsed catalogue by their dotted keys. */
export function flat(table: Nested, before = ""): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(table)) {
    if (typeof value === "string") texts[before + key] = value;
    else Object.assign(texts, flat(value, `${before}${key}.`));
  }
  return texts;
}

/** Makes `virtual:texts/ko` and `virtual:texts/en` modules of the catalogues in `folder`. */
export function texts(folder: string): Plugin {
  return {
    name: "texts",
    resolveId: (id) => (id.startsWith("virtual:texts/") ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith("\0virtual:texts/")) return null;
      const file = join(folder, `${id.slice("\0virtual:texts/".length)}.toml`);
      this.addWatchFile(file);
      const catalogue = parse(readFileSync(file, "utf-8")) as Nested;
      const wanted = Object.entries(catalogue).filter(([name]) => !NOT_FOR_PAGES.includes(name));
      return `export default ${JSON.stringify(flat(Object.fromEntries(wanted)))};`;
    },
  };
}
