import { computed, signal } from "@preact/signals";

const here = (): string => location.pathname + location.search;
const at = signal(here());

export const path = computed(() => new URL(at.value, location.origin).pathname);
export const search = computed(() => new URL(at.value, location.origin).searchParams);

addEventListener("popstate", () => {
  at.value = here();
});

/** Goes to an address of this app without loading the page again. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  const leaves = new URL(to, location.origin).pathname !== path.value;
  at.value = here();
  if (how === "push" && leaves) scrollTo(0, 0);
}

/** Sets or (null) removes parts of the query, leaving no entry in the history. */
export function setSearch(values: Record<string, string | null>): void {
  const next = new URLSearchParams(search.value);
  for (const [key, value] of Object.entries(values))
    if (value) next.set(key, value);
    else next.delete(key);
  const text = next.toString();
  go(path.value + (text ? `?${text}` : "") + location.hash, "replace");
}

/** Takes plain clicks on links of this app; everything else is the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download"))
    return;
  if (link.pathname.startsWith("/api/")) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
}

export type Page =
  | { name: "home" }
  | { name: "case"; ref: string }
  | { name: "staff" }
  | { name: "broadcasts" }
  | { name: "accounts" }
  | { name: "password" }
  | { name: "missing" };

/** A part of an address as it was meant; one that is cut or mistyped (`%E0%A4%A`), as it stands. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The page that a path stands for. */
export function pageOf(path: string): Page {
  const parts = path.split("/").filter(Boolean);
  const [first, second, third] = parts;
  if (!first) return { name: "home" };
  if (first === "c" && second && !third) return { name: "case", ref: decoded(second) };
  if (first === "staff" && !second) return { name: "staff" };
  if (first === "staff" && !third)
    if (second === "broadcasts" || second === "accounts" || second === "password")
      return { name: second };
  return { name: "missing" };
}
