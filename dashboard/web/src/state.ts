import type { AlertView, CaseKey } from "@contract/protocol";
import { batch, computed, effect, signal } from "@preact/signals";
import { getAgencies, getDistricts, getServices, getSession } from "./api/calls.ts";
import { csrf, person, signedOut } from "./api/http.ts";
import type { Agency, Districts, Service, Session } from "./api/types.ts";
import { type ShownPhase, shownPhase } from "./live/connection.ts";
import { Live } from "./live/socket.ts";
import { named } from "./texts/texts.ts";

export const session = signal<Session | null>(null);
export const live = signal<Live | null>(null);

/** What the live connection is doing, as a page may show it. */
export const phase = computed<ShownPhase>(() =>
  live.value ? shownPhase(live.value.connection.value, !!session.value?.user) : "connecting",
);

/** Whether the hub ended the session of whoever was signed in here, who did not sign out. */
export const sessionEnded = signal(false);

export const services = signal<readonly Service[]>([]);
export const agencies = signal<readonly Agency[]>([]);
export const districts = signal<Districts | null>(null);

const key = signal<CaseKey | null>(null);

/** Opens the live connection anew, as whoever is signed in now or with a private link. */
function connect(): void {
  live.peek()?.stop();
  const at = session.peek();
  live.value = at ? new Live(at.live_url, key.peek()) : null;
}

/** Takes over what the hub says about who is signed in. */
export function enter(fresh: Session): void {
  const before = session.peek();
  csrf.value = fresh.csrf;
  person.value = fresh.user?.id ?? null;
  if (before?.user && !fresh.user) sessionEnded.value = true;
  if (fresh.user) sessionEnded.value = false;
  const same =
    before?.user?.id === fresh.user?.id &&
    before?.user?.must_change_password === fresh.user?.must_change_password;
  // Both at once: the connection of a guest is never taken for that of who just signed in.
  batch(() => {
    session.value = fresh;
    if (!live.peek() || !same) connect();
  });
}

/** Asks the hub who is signed in. Throws Refusal. */
export async function loadSession(): Promise<void> {
  enter(await getSession());
}

/** Lets the live connection carry a private link (null: none), opening it anew when that changes. */
export function carryKey(wanted: CaseKey | null): void {
  const had = key.peek();
  if (had?.ref === wanted?.ref && had?.secret === wanted?.secret) return;
  key.value = wanted;
  if (session.peek()) connect();
}

/** The words for services, agencies and districts; asked for once a page. */
let asked: Promise<void> | null = null;
export function loadReference(): Promise<void> {
  asked ??= Promise.all([getServices(), getAgencies(), getDistricts()]).then(
    ([allServices, allAgencies, allDistricts]) => {
      services.value = allServices;
      agencies.value = allAgencies;
      districts.value = allDistricts;
    },
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

const serviceNames = computed(() => new Map(services.value.map((one) => [one.code, named(one)])));
const agencyNames = computed(() => new Map(agencies.value.map((one) => [one.code, named(one)])));
const districtNames = computed(
  () =>
    new Map(
      districts.value?.features.map((one) => [one.properties.code, named(one.properties)]) ?? [],
    ),
);

export const serviceName = (code: string | null | undefined): string =>
  code ? (serviceNames.value.get(code) ?? code) : "";
export const agencyName = (code: string | null | undefined): string =>
  code ? (agencyNames.value.get(code) ?? code) : "";
export const districtName = (code: string | null | undefined): string =>
  code ? (districtNames.value.get(code) ?? code) : "";

/** The district that an area lies in: a dong's code begins with its district's. */
export const districtOf = (area: string): string => districtName(area.split("-")[0]);

/** Whether the signed-in person holds one of the roles in any agency. */
export const hasRole = (...roles: string[]): boolean =>
  session.value?.user?.grants.some(([role]) => roles.includes(role)) ?? false;

/** Whether the signed-in person has queues to look at. */
export const worksCases = (): boolean => hasRole("agent", "supervisor", "admin", "analyst");

/** The agencies whose queues the signed-in person sees; null stands for all of them. */
export const ownAgencies = computed<readonly string[] | null>(() => {
  const grants = session.value?.user?.grants ?? [];
  const bound = grants.filter(([role]) => role !== "broadcaster" && role !== "approver");
  if (bound.some(([, agency]) => agency === null)) return null;
  return [...new Set(bound.flatMap(([, agency]) => (agency ? [agency] : [])))];
});

/** The district that a citizen's page is about, for the alerts of that area; null: the whole city. */
export const readerDistrict = signal<string | null>(null);

/** How many things the page shows that wait for somebody, for the tab's title; null: nothing to count. */
export const titleCount = signal<number | null>(null);

const SEVERITIES = ["critical", "urgent", "safety"];

/** Alerts that are out, gravest first, then newest. */
export function inOrder(alerts: Iterable<AlertView>): AlertView[] {
  return [...alerts].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.sent_at.localeCompare(a.sent_at),
  );
}

/** How long a page waits before it connects anew when the hub ended a session that is still good. */
const AFTER_END_MS = 2_000;

/** Asks again who is signed in when the hub ends the session behind a page, or greets it as a guest's. */
export function watchForEnd(): void {
  effect(() => {
    if (signedOut.value) void loadSession().catch(() => undefined);
  });
  effect(() => {
    if (phase.value === "unknown") void loadSession().catch(() => undefined);
  });
  effect(() => {
    const ended = live.value;
    if (ended?.connection.value.phase !== "ended" || !session.peek()?.user) return undefined;
    void loadSession().catch(() => undefined);
    // Still signed in: roles have changed, or the hub wants to hear it again.
    const timer = setTimeout(() => {
      if (live.peek() === ended && session.peek()?.user) connect();
    }, AFTER_END_MS);
    return () => clearTimeout(timer);
  });
}
