import { signal } from "@preact/signals";
import type { CaseView } from "@contract/protocol";
import { language } from "../texts/texts.ts";

/** The value that every unsafe request of a signed-in browser carries; null for a guest. */
export const csrf = signal<string | null>(null);

/** Who is signed in, by their id; null for a guest. */
export const person = signal<number | null>(null);

/** How often an answer said that nobody is signed in where this page thought somebody was. */
export const signedOut = signal(0);

interface ErrorBody {
  error?: {
    code?: string;
    message_ko?: string;
    message_en?: string;
    field?: string;
    retry_after_s?: number;
  };
  case?: CaseView;
}

/** A refusal of the hub, or (`code` "offline") no answer at all. `words` are for the reader. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: string;
  readonly status: number;
  readonly field: string | null;
  readonly caseNow: CaseView | null;
  readonly #words: { ko: string; en: string } | null;

  constructor(status: number, body: ErrorBody) {
    super(body.error?.code ?? "offline");
    this.status = status;
    this.code = body.error?.code ?? (status === 0 ? "offline" : "internal");
    this.field = body.error?.field ?? null;
    this.caseNow = body.case ?? null;
    const { message_ko: ko, message_en: en } = body.error ?? {};
    this.#words = ko && en ? { ko, en } : null;
  }

  /** The hub's own words in the reader's language, or null when it gave none. */
  get words(): string | null {
    return this.#words?.[language.value] ?? null;
  }
}

export interface Request {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  /** The secret of a private link. */
  secret?: string | undefined;
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 20_000;

function headers(request: Request): Headers {
  const all = new Headers({ Accept: "application/json" });
  if (request.body !== undefined) all.set("Content-Type", "application/json");
  if (request.secret) all.set("Authorization", `Case ${request.secret}`);
  if (request.idempotencyKey) all.set("Idempotency-Key", request.idempotencyKey);
  if (request.method && request.method !== "GET" && csrf.value)
    all.set("X-CSRF-Token", csrf.value);
  return all;
}

/** The body of an answer that should be JSON; anything else (a proxy's page) counts as no words. */
export function errorBody(text: string): ErrorBody {
  try {
    return JSON.parse(text) as ErrorBody;
  } catch {
    return {};
  }
}

/** A signal that aborts with the first of these. (Safari before 17.4 has no AbortSignal.any.) */
export function firstOf(...signals: AbortSignal[]): AbortSignal {
  const first = new AbortController();
  for (const one of signals) {
    if (one.aborted) first.abort(one.reason);
    else one.addEventListener("abort", () => first.abort(one.reason), { signal: first.signal });
  }
  return first.signal;
}

async function answer(path: string, request: Request): Promise<Response> {
  const late = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method: request.method ?? "GET",
      headers: headers(request),
      credentials: "same-origin",
      signal: request.signal ? firstOf(request.signal, late) : late,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Refusal(0, {});
  }
  if (response.ok) return response;
  const refusal = new Refusal(response.status, errorBody(await response.text()));
  if (refusal.code === "session.required" && csrf.peek()) signedOut.value += 1;
  throw refusal;
}

/** The JSON of an answer. Throws Refusal; throws an AbortError only when `signal` aborted. */
export async function call<T>(path: string, request: Request = {}): Promise<T> {
  const response = await answer(path, request);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** The bytes of an answer, for pictures behind a permission. */
export async function bytes(path: string, request: Request = {}): Promise<Blob> {
  return (await answer(path, request)).blob();
}

/** `?a=1&b=2` of those values that are set. */
export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const set = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== null && value !== undefined && value !== "") set.set(key, String(value));
  const text = set.toString();
  return text ? `?${text}` : "";
}
