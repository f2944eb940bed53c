import { useEffect, useRef, useState } from "preact/hooks";
import type { Point } from "../api/types.ts";
import { districts, session } from "../state.ts";
import { language, t } from "../texts/texts.ts";
import type { CityMap, Dot } from "./engine.ts";

interface Props {
  at: Point | null;
  label: string;
  onPick?: (at: Point) => void;
  dots?: readonly Dot[];
  onDot?: (id: number) => void;
  chosen?: string | null;
}

const NO_DOTS: readonly Dot[] = [];

/** A map of the city. Its engine is large and is fetched only when a map is shown. */
export function MapView({ at, label, onPick, dots = NO_DOTS, onDot, chosen = null }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const calls = useRef({ onPick, onDot });
  calls.current = { onPick, onDot };
  const [map, setMap] = useState<CityMap | null>(null);
  const [failed, setFailed] = useState(false);
  const first = useRef(at);
  first.current = at;
  const city = session.value?.city;
  const areas = districts.value;
  const spoken = language.value;
  const picks = onPick !== undefined;

  useEffect(() => {
    if (!city || !areas) return undefined;
    let made: CityMap | null = null;
    let gone = false;
    import("./engine.ts")
      .then(({ CityMap: Engine }) => {
        if (gone || !box.current) return;
        made = new Engine(box.current, {
          city,
          districts: areas,
          language: spoken,
          at: first.current,
          words: {
            map: label,
            pin: t("map.pin"),
            closer: t("map.closer"),
            farther: t("map.farther"),
          },
          onPick: picks ? (point) => calls.current.onPick?.(point) : null,
          onDot: (id) => calls.current.onDot?.(id),
        });
        setMap(made);
      })
      .catch(() => setFailed(true));
    return () => {
      gone = true;
      made?.close();
      setMap(null);
    };
  }, [city, areas, spoken, picks, label]);

  const lat = at?.lat;
  const lon = at?.lon;
  useEffect(() => {
    map?.setPin(lat === undefined || lon === undefined ? null : { lat, lon });
  }, [map, lat, lon]);
  useEffect(() => void map?.setDots(dots), [map, dots]);
  useEffect(() => void map?.choose(chosen), [map, chosen]);

  return (
    <div class="map">
      <div ref={box} class="map-box" />
      {failed && <p class="map-note">{t("map.failed")}</p>}
      {!map && !failed && <p class="map-note">{t("common.loading")}</p>}
      {city?.approximate_areas && map && <p class="map-note">{t("map.approximate")}</p>}
    </div>
  );
}
