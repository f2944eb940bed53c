import type { ComplaintSent, Language, Point } from "../../api/types.ts";

export interface Where {
  at: Point | null;
  /** What the person wrote or chose; sent along with the point, or alone. */
  place: string;
  /** Whether the point is the suggested place's: it goes when other words are written over its name. */
  suggested: boolean;
}

export const nowhere: Where = { at: null, place: "", suggested: false };

export interface Draft {
  text: string;
  where: Where;
  name: string;
  email: string;
  phone: string;
  language: Language | "";
}

export const emptyDraft: Draft = {
  text: "",
  where: nowhere,
  name: "",
  email: "",
  phone: "",
  language: "",
};

const STORED = "bigear.draft";

/** What was begun in this tab; contacts are never kept. */
export function loadDraft(): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORED) ?? "{}") as Partial<Draft>;
    return { ...emptyDraft, ...kept };
  } catch {
    return emptyDraft;
  }
}

export function keepDraft(draft: Draft): void {
  try {
    const { text, where } = draft;
    if (text || where.at) sessionStorage.setItem(STORED, JSON.stringify({ text, where }));
    else sessionStorage.removeItem(STORED);
  } catch {
    // Without storage the draft lives as long as the page.
  }
}

/** The complaint that a draft stands for: what was left empty is left out. */
export function complaint(draft: Draft, photos: string[], spoken: Language): ComplaintSent {
  const contact = Object.fromEntries(
    (["name", "email", "phone"] as const)
      .map((field) => [field, draft[field].trim()] as const)
      .filter(([, value]) => value),
  );
  const place = draft.where.place.trim();
  return {
    text: draft.text.trim(),
    ...(draft.where.at ?? {}),
    ...(place ? { place } : {}),
    language: draft.language || spoken,
    ...(Object.keys(contact).length ? { contact } : {}),
    ...(photos.length ? { photos } : {}),
  };
}
