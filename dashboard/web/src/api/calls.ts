import type { AlertView, CaseView, MessageView } from "@contract/protocol";
import { bytes, call, query } from "./http.ts";
import { once } from "./once.ts";
import type {
  AccountHealth,
  Agency,
  AreaAt,
  Broadcast,
  BroadcastSent,
  CasePage,
  CitizenCase,
  ComplaintMade,
  ComplaintSent,
  Districts,
  PlaceFound,
  Point,
  Service,
  Session,
  StaffCase,
  User,
} from "./types.ts";

const id = (text: string | number): string => encodeURIComponent(text);

export const getSession = (): Promise<Session> => call("/session");
export const signIn = (login: string, password: string): Promise<Session> =>
  call("/session", { method: "POST", body: { login, password } });
export const signOut = (): Promise<void> => call("/session", { method: "DELETE" });
export const changePassword = (old: string, fresh: string): Promise<void> =>
  call("/password", { method: "POST", body: { old, new: fresh } });

export const listPeople = (signal?: AbortSignal): Promise<User[]> => call("/users", { signal });

export const getServices = (): Promise<Service[]> => call("/services");
export const getAgencies = (): Promise<Agency[]> => call("/agencies");
export const getDistricts = (): Promise<Districts> => call("/areas");
export const getAlerts = (): Promise<AlertView[]> => call("/alerts");
export const areaAt = (at: Point, signal?: AbortSignal): Promise<{ area: AreaAt }> =>
  call(`/areas/at${query({ lat: at.lat, lon: at.lon })}`, { signal });
export const findPlaces = (q: string, signal?: AbortSignal): Promise<PlaceFound[]> =>
  call(`/places${query({ q })}`, { signal });

export const sendComplaint = (body: ComplaintSent): Promise<ComplaintMade> =>
  once(["complaint", body], (key) =>
    call("/complaints", { method: "POST", body, idempotencyKey: key }),
  );
export const getComplaint = (
  ref: string,
  secret: string,
  signal?: AbortSignal,
): Promise<CitizenCase> => call(`/complaints/${id(ref)}`, { secret, signal });
export const addToComplaint = (ref: string, secret: string, text: string): Promise<MessageView> =>
  once(["addition", ref, text], (key) =>
    call(`/complaints/${id(ref)}/additions`, {
      method: "POST",
      secret,
      body: { text },
      idempotencyKey: key,
    }),
  );
export const withdrawComplaint = (ref: string, secret: string): Promise<void> =>
  call(`/complaints/${id(ref)}/withdraw`, { method: "POST", secret, body: {} });
export const complaintPhoto = (ref: string, secret: string, n: number): Promise<Blob> =>
  bytes(`/complaints/${id(ref)}/photos/${n}`, { secret });

export interface CaseFilter {
  queue?: string | undefined;
  state?: string | undefined;
  district?: string | undefined;
  service?: string | undefined;
  urgency?: string | undefined;
  assignee?: "me" | undefined;
  marks?: boolean | undefined;
  q?: string | undefined;
  before?: string | undefined;
}

export const listCases = (filter: CaseFilter, signal?: AbortSignal): Promise<CasePage> =>
  call(`/cases${query({ ...filter, limit: 50 })}`, { signal });
export const getCase = (caseId: number, signal?: AbortSignal): Promise<StaffCase> =>
  call(`/cases/${caseId}`, { signal });
const act = <T>(caseId: number, verb: string, body: object, key?: string): Promise<T> =>
  call(`/cases/${caseId}/${verb}`, { method: "POST", body, idempotencyKey: key });

export interface Move {
  to: string;
  version: number;
  reason?: string;
  target_ref?: string;
}

export const moveCase = (caseId: number, move: Move): Promise<CaseView> =>
  act(caseId, "moves", move);
export const takeCase = (caseId: number, version: number): Promise<CaseView> =>
  act(caseId, "take", { version });
export const assignCase = (caseId: number, user: number | null, version: number) =>
  act<CaseView>(caseId, "assignee", { user, version });
export const relabelCase = (
  caseId: number,
  labels: {
    version: number;
    service?: string;
    intent?: string;
    urgency?: string;
    abuse?: "abuse" | "none";
    reroute: boolean;
  },
): Promise<CaseView> => act(caseId, "labels", labels);
export const rerouteCase = (caseId: number, agency: string, reason: string, version: number) =>
  act<CaseView>(caseId, "agency", { agency, reason, version });
export const undoCase = (caseId: number, version: number): Promise<CaseView> =>
  act(caseId, "undo", { version });
export const answerCase = (caseId: number, text: string, resolve: boolean, version: number) =>
  once(["answer", caseId, text, resolve], (key) =>
    act<MessageView>(caseId, "answers", { text, resolve, version }, key),
  );
export const noteCase = (caseId: number, text: string) =>
  once(["note", caseId, text], (key) => act<MessageView>(caseId, "notes", { text }, key));
export const eraseCase = (caseId: number, reason: string) =>
  act<CaseView>(caseId, "erase", { reason });
export const casePhoto = (caseId: number, n: number): Promise<Blob> =>
  bytes(`/cases/${caseId}/photos/${n}`);

export const listBroadcasts = (signal?: AbortSignal): Promise<Broadcast[]> =>
  call("/broadcasts", { signal });
export const writeBroadcast = (body: BroadcastSent): Promise<Broadcast> =>
  call("/broadcasts", { method: "POST", body });
export const editBroadcast = (
  broadcastId: number,
  version: number,
  body: BroadcastSent,
): Promise<Broadcast> =>
  call(`/broadcasts/${broadcastId}`, { method: "PATCH", body: { ...body, version } });
export const moveBroadcast = (
  broadcast: Pick<Broadcast, "id" | "version" | "content_hash">,
  to: string,
  reason?: string,
): Promise<Broadcast> =>
  call(`/broadcasts/${broadcast.id}/moves`, {
    method: "POST",
    body: {
      to,
      version: broadcast.version,
      content_hash: broadcast.content_hash,
      ...(reason ? { reason } : {}),
    },
  });

export const listAccounts = (signal?: AbortSignal): Promise<AccountHealth[]> =>
  call("/accounts", { signal });
