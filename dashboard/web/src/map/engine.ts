import "maplibre-gl/dist/maplibre-gl.css";
import {
  AttributionControl,
  type ExpressionSpecification,
  type GeoJSONSource,
  Map as Maplibre,
  Marker,
  NavigationControl,
  setWorkerUrl,
  type StyleSpecification,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { City, Districts, Language, Point } from "../api/types.ts";
import { dark, light, type Paint } from "./paint.ts";

setWorkerUrl(workerUrl);

export interface Dot extends Point {
  id: number;
  tone: "emergency" | "high" | "normal" | "low";
}

export interface Options {
  city: City;
  districts: Districts;
  language: Language;
  at: Point | null;
  /** What a screen reader calls the map, its pin and its buttons. */
  words: { map: string; pin: string; closer: string; farther: string };
  onPick: ((at: Point) => void) | null;
  onDot: ((id: number) => void) | null;
}

const DISTRICT_ZOOM = 9.6;
/** Close enough for streets on a map with tiles; without, the districts around are all one can see. */
const POINT_ZOOM = { tiles: 14.5, plain: 11.2 };

const isDark = (): boolean => matchMedia("(prefers-color-scheme: dark)").matches;
const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** What the hub itself draws, over whatever lies below. */
function ownLayers(paint: Paint, approximate: boolean, tiles: boolean): StyleSpecification["layers"] {
  return [
    {
      id: "land",
      type: "fill",
      source: "districts",
      paint: { "fill-color": paint.land, "fill-opacity": tiles ? 0.1 : 1 },
    },
    {
      id: "chosen",
      type: "fill",
      source: "districts",
      filter: ["==", ["get", "code"], ""],
      paint: { "fill-color": paint.chosen, "fill-opacity": tiles ? 0.3 : 1 },
    },
    {
      id: "borders",
      type: "line",
      source: "districts",
      paint: {
        "line-color": paint.border,
        "line-width": 1.2,
        ...(approximate ? { "line-dasharray": [3, 2] } : {}),
      },
    },
    {
      id: "names",
      type: "symbol",
      source: "districts",
      layout: { "text-field": ["get", "label"], "text-size": 12, "text-padding": 4 },
      paint: { "text-color": paint.text, "text-halo-color": paint.land, "text-halo-width": 1.4 },
    },
    {
      id: "dots",
      type: "circle",
      source: "dots",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 4, 15, 8],
        "circle-color": toneColour(paint),
        "circle-stroke-color": paint.land,
        "circle-stroke-width": 1.5,
      },
    },
  ];
}

const toneColour = (paint: Paint): ExpressionSpecification => [
  "match",
  ["get", "tone"],
  "emergency",
  paint.emergency,
  "high",
  paint.high,
  paint.dot,
];

function labelled(districts: Districts, language: Language): GeoJSON.FeatureCollection {
  const features = districts.features.map((one) => ({
    ...one,
    properties: {
      ...one.properties,
      label: language === "ko" ? one.properties.name_ko : one.properties.name_en,
    },
  }));
  return { type: "FeatureCollection", features };
}

/** A style with the hub's own sources and layers over it. */
function over(below: StyleSpecification, { city, districts, language }: Options): StyleSpecification {
  const paint = isDark() ? dark : light;
  return {
    ...below,
    sources: {
      ...below.sources,
      districts: { type: "geojson", data: labelled(districts, language) },
      dots: { type: "geojson", data: { type: "FeatureCollection", features: [] } },
    },
    layers: [...below.layers, ...ownLayers(paint, city.approximate_areas, city.tile_url !== null)],
  };
}

/** What lies below: plain ground, raster tiles, or (a URL) a style of the city's own choice. */
function base({ tile_url: url }: City): StyleSpecification | string {
  if (url !== null && !url.includes("{z}")) return url;
  const paint = isDark() ? dark : light;
  const ground = { id: "ground", type: "background" as const, paint: { "background-color": paint.outside } };
  if (url === null) return { version: 8, sources: {}, layers: [ground] };
  // A worker fetches the tiles: it knows no page whose address a path could belong to.
  const tiles = [url.startsWith("/") ? location.origin + url : url];
  return {
    version: 8,
    sources: { tiles: { type: "raster", tiles, tileSize: 256 } },
    layers: [ground, { id: "tiles", type: "raster", source: "tiles" }],
  };
}

/** A drawn map, and the few things that a page may ask of it. */
export class CityMap {
  readonly #map: Maplibre;
  readonly #pin: Marker;
  readonly #ready: Promise<unknown>;
  readonly #pointZoom: number;

  constructor(box: HTMLElement, options: Options) {
    const [west, south, east, north] = options.city.bounds;
    const pad = 0.25;
    this.#pointZoom = options.city.tile_url ? POINT_ZOOM.tiles : POINT_ZOOM.plain;
    this.#map = new Maplibre({
      container: box,
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: 12 },
      maxBounds: [west - pad, south - pad, east + pad, north + pad],
      minZoom: DISTRICT_ZOOM - 2,
      maxZoom: 18,
      attributionControl: false,
      locale: {
        "Map.Title": options.words.map,
        "Marker.Title": options.words.pin,
        "NavigationControl.ZoomIn": options.words.closer,
        "NavigationControl.ZoomOut": options.words.farther,
      },
      dragRotate: false,
      pitchWithRotate: false,
      cooperativeGestures: false,
      fadeDuration: still() ? 0 : 200,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
    if (options.city.tile_url) {
      const { tile_credit: customAttribution } = options.city;
      this.#map.addControl(new AttributionControl({ compact: true, customAttribution }));
    }
    this.#pin = new Marker({ color: "#c2410c", draggable: options.onPick !== null });
    this.#map.setStyle(base(options.city), { transformStyle: (_, below) => over(below, options) });
    this.#ready = this.#map.once("load");
    this.#listen(options);
    this.setPin(options.at);
  }

  #listen({ onPick, onDot }: Options): void {
    if (onPick) {
      this.#map.getCanvas().style.cursor = "crosshair";
      this.#map.on("click", ({ lngLat }) => onPick({ lat: lngLat.lat, lon: lngLat.lng }));
      this.#pin.on("dragend", () => {
        const { lat, lng } = this.#pin.getLngLat();
        onPick({ lat, lon: lng });
      });
    }
    if (onDot) {
      this.#map.on("click", "dots", (event) => {
        const id: unknown = event.features?.[0]?.properties["id"];
        if (typeof id === "number") onDot(id);
      });
      this.#map.on("mouseenter", "dots", () => {
        this.#map.getCanvas().style.cursor = "pointer";
      });
      this.#map.on("mouseleave", "dots", () => {
        this.#map.getCanvas().style.cursor = "";
      });
    }
  }

  /** Puts the pin and brings it into sight, or takes it away. */
  setPin(at: Point | null): void {
    if (!at) {
      this.#pin.remove();
      return;
    }
    this.#pin.setLngLat([at.lon, at.lat]).addTo(this.#map);
    const zoom = Math.max(this.#map.getZoom(), this.#pointZoom);
    const inSight = this.#map.getBounds().contains([at.lon, at.lat]);
    if (inSight && this.#map.getZoom() >= this.#pointZoom - 1) return;
    void this.#map.easeTo({ center: [at.lon, at.lat], zoom, duration: still() ? 0 : 500 });
  }

  async setDots(dots: readonly Dot[]): Promise<void> {
    await this.#ready;
    const features = dots.map(({ id, tone, lat, lon }) => ({
      type: "Feature" as const,
      properties: { id, tone },
      geometry: { type: "Point" as const, coordinates: [lon, lat] },
    }));
    await this.#map.getSource<GeoJSONSource>("dots")?.setData({ type: "FeatureCollection", features });
  }

  /** Colours one district, or none. */
  async choose(code: string | null): Promise<void> {
    await this.#ready;
    this.#map.setFilter("chosen", ["==", ["get", "code"], code ?? ""]);
  }

  close(): void {
    this.#map.remove();
  }
}
