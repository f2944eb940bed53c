import type { CaseView, MessageView } from "@contract/protocol";
import type { CaseState, Stage } from "@contract/kinds";

export type Language = "ko" | "en";
export type Both = Record<Language, string>;

export interface User {
  id: number;
  login: string;
  name: string;
  grants: [string, string | null][];
  must_change_password?: boolean;
}

export interface City {
  name_ko: string;
  name_en: string;
  center: Point;
  bounds: [number, number, number, number];
  approximate_areas: boolean;
  /** Of raster tiles when it holds `{z}`, else of a map style. */
  tile_url: string | null;
  tile_credit: string;
}

export interface Session {
  user: User | null;
  csrf: string | null;
  live_url: string;
  city: City;
  samples: boolean;
  version: string;
}

export interface Point {
  lat: number;
  lon: number;
}

export interface Named {
  code: string;
  name_ko: string;
  name_en: string;
}

export interface Service extends Named {
  group: string;
}

export interface Agency extends Named {
  kind: string;
  phone?: string | null;
}

export interface AreaAt extends Named {
  district_code: string;
  district_ko: string;
  district_en: string;
  approximate: boolean;
}

export interface DistrictProperties extends Named {
  approximate: boolean;
}

export type Districts = GeoJSON.FeatureCollection<
  GeoJSON.Polygon | GeoJSON.MultiPolygon | GeoJSON.Point,
  DistrictProperties
>;

export interface PlaceFound extends Point {
  name: string;
  kind: string;
  area: string | null;
}

export interface PhotoMade {
  id: string;
  width: number;
  height: number;
  bytes: number;
}

export interface Photo {
  n: number;
  width: number;
  height: number;
}

export interface ComplaintSent {
  text: string;
  lat?: number;
  lon?: number;
  place?: string;
  language?: Language;
  contact?: { name?: string; email?: string; phone?: string };
  photos?: string[];
}

export interface ComplaintMade {
  ref: string;
  secret?: string;
  url?: string;
}

export interface CitizenCase {
  progress: { stage: Stage; at: string };
  case: CaseView | null;
  /** The case that is worked on in place of theirs, which was merged into it. */
  follows: CaseView | null;
  text: string | null;
  place: string | null;
  photos: Photo[];
  messages: MessageView[];
  steps: { at: string; code: string }[];
  agency: Agency | null;
  erased: boolean;
  /** Whether anything can be added still. */
  may_add: boolean;
}

export interface Label {
  code: string | null;
  confidence: number | null;
}

/** A piece of a text; its ends are counted in code points. */
export interface Piece {
  text: string;
  start: number;
  end: number;
}

export interface StaffMove {
  to: CaseState;
  guards: string[];
}

export interface HistoryEntry {
  position: number;
  at: string;
  type: string;
  actor_name: string | null;
  summary: Record<string, unknown>;
}

export interface StaffCase {
  case: CaseView;
  /** Which of the city's accounts it came by; null: none, it came by app or web. */
  account: { code: string; platform: string; name: string } | null;
  text: string | null;
  text_masked: boolean;
  author: { name: string | null; id: string | null } | null;
  contact: { name?: string; email?: string; phone?: string } | null;
  url: string | null;
  place: string | null;
  /** In which the sender wishes to be answered; null: not said, or not for these eyes. */
  reply_language: string | null;
  labels: {
    service: Label | null;
    intent: Label | null;
    urgency: Label | null;
    language: Label | null;
    places: Piece[];
    model: string | null;
    /** What a person said: `service`, `intent`, `urgency`, `abuse`; the model made the others. */
    corrected: string[];
    alternatives: Label[];
    /** What carried the model's own label; null where the text may not be read unmasked. */
    reasons: { service: string; words: Piece[] } | null;
    /** `abuse` or `none`; null where the model does not judge it. */
    abuse: Label | null;
  } | null;
  why: {
    rule: string | null;
    reason_ko: string | null;
    reason_en: string | null;
    how_located: string | null;
    candidates: string[];
  } | null;
  messages: MessageView[];
  /** How many cases were merged into it, whose reporters read the answers to it since. */
  joined: number;
  history: HistoryEntry[];
  photos: Photo[];
  nearby: CaseView[];
  moves: StaffMove[];
}

export interface CasePage {
  cases: CaseView[];
  next: string | null;
  position: number;
}

export type Severity = "critical" | "urgent" | "safety";

export interface Broadcast {
  id: number;
  version: number;
  state: string;
  severity: Severity;
  headline: Both;
  text: Both;
  areas: string[];
  /** Set when it is sent; until then only how long it will be valid is settled. */
  expires_at: string | null;
  expires_in_min: number;
  exercise: boolean;
  content_hash: string;
  created_by_name: string | null;
  edited_by: number[];
  submitted_at: string | null;
  approved_by_name: string | null;
  sent_at: string | null;
  /** Why it was last returned or cancelled. */
  reason: string | null;
  mark: string | null;
}

export interface BroadcastSent {
  severity: Severity;
  headline: Both;
  text: Both;
  areas: string[];
  expires_in_min: number;
  exercise: boolean;
}

export interface AccountHealth {
  code: string;
  platform: string;
  name: string;
  enabled: boolean;
  health: string;
  last_item_at: string | null;
  last_ok_at: string | null;
  error_code: string | null;
  error_ko: string | null;
  error_en: string | null;
}
