import { useEffect, useId, useRef, useState } from "preact/hooks";
import { areaAt, findPlaces } from "../../api/calls.ts";
import { Refusal } from "../../api/http.ts";
import type { AreaAt, PlaceFound, Point } from "../../api/types.ts";
import { MapView } from "../../map/map.tsx";
import { Button, Notice, refusalWords } from "../../parts/basics.tsx";
import { districtOf, readerDistrict } from "../../state.ts";
import { language, named, t } from "../../texts/texts.ts";

export interface Where {
  at: Point | null;
  /** What the person wrote or chose; sent along with the point, or alone. */
  place: string;
}

/** Places for what is typed, asked for once typing rests. */
function useFound(q: string, searching: boolean): PlaceFound[] {
  const [found, setFound] = useState<PlaceFound[]>([]);
  useEffect(() => {
    const wanted = q.trim();
    if (!searching || wanted.length < 2) {
      setFound([]);
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      findPlaces(wanted, stop.signal).then(setFound, () => setFound([]));
    }, 180);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [q, searching]);
  return found;
}

/** The area of a point, or why it has none. */
function useArea(at: Point | null): { area: AreaAt | null; refusal: Refusal | null } {
  const [state, setState] = useState<{ area: AreaAt | null; refusal: Refusal | null }>(
    { area: null, refusal: null });
  useEffect(() => {
    setState({ area: null, refusal: null });
    readerDistrict.value = null;
    if (!at) return undefined;
    const stop = new AbortController();
    areaAt(at, stop.signal).then(
      ({ area }) => {
        setState({ area, refusal: null });
        readerDistrict.value = area.district_code;
      },
      (error: unknown) => {
        if (error instanceof Refusal) setState({ area: null, refusal: error });
      },
    );
    return () => stop.abort();
  }, [at]);
  return state;
}

function Search(props: { place: string; onType: (q: string) => void; onChoose: (one: PlaceFound) => void }) {
  const [searching, setSearching] = useState(false);
  const [active, setActive] = useState(0);
  const found = useFound(props.place, searching);
  const id = useId();
  const open = searching && found.length > 0;
  useEffect(() => setActive(0), [found]);
  const choose = (one: PlaceFound | undefined): void => {
    if (!one) return;
    setSearching(false);
    props.onChoose(one);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (open) choose(found[active]);
    } else if (event.key === "Escape") setSearching(false);
    else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setActive((active + by + found.length) % found.length);
    }
  };
  return (
    <div class="search">
      <label class="visually-hidden" for={id}>
        {t("place.search")}
      </label>
      <input
        id={id}
        type="text"
        role="combobox"
        autocomplete="off"
        maxLength={200}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={open ? `${id}-${active}` : undefined}
        placeholder={t("place.placeholder")}
        value={props.place}
        onInput={(event) => {
          setSearching(true);
          props.onType(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setTimeout(() => setSearching(false), 150)}
      />
      {open && (
        <ul id={`${id}-list`} role="listbox" class="found">
          {found.map((one, n) => (
            <li
              key={`${one.name}/${one.lat}/${one.lon}`}
              id={`${id}-${n}`}
              role="option"
              aria-selected={n === active}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(one);
              }}
            >
              <b>{one.name}</b>
              {one.area && one.area !== one.name && <small>{districtOf(one.area)}</small>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Where it is: by name, by the device's own position, or by a pin on the map. */
export function PlacePicker(props: { where: Where; onChange: (where: Where) => void }) {
  const { where, onChange } = props;
  const { area, refusal } = useArea(where.at);
  const [locating, setLocating] = useState(false);
  const [denied, setDenied] = useState(false);
  const latest = useRef(where);
  latest.current = where;
  const locate = (): void => {
    setLocating(true);
    setDenied(false);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setLocating(false);
        onChange({ ...latest.current, at: { lat: coords.latitude, lon: coords.longitude } });
      },
      () => {
        setLocating(false);
        setDenied(true);
      },
      { enableHighAccuracy: true, timeout: 12_000, maximumAge: 30_000 },
    );
  };
  const areaWords = area && (area.district_code === area.code ? named(area) : both(area));
  return (
    <fieldset class="place">
      <legend>
        {t("place.title")} <span class="optional">{t("common.optional")}</span>
      </legend>
      <p class="hint">{t("place.hint")}</p>
      <div class="place-tools">
        <Search
          place={where.place}
          onType={(place) => onChange({ ...where, place })}
          onChoose={(one) => onChange({ place: one.name, at: { lat: one.lat, lon: one.lon } })}
        />
        <Button busy={locating} onClick={locate}>
          {t("place.locate")}
        </Button>
      </div>
      {denied && <Notice tone="warn">{t("place.denied")}</Notice>}
      <MapView
        label={t("place.map")}
        at={where.at}
        onPick={(at) => onChange({ ...where, at })}
        chosen={area?.district_code ?? null}
      />
      <p class="place-line" aria-live="polite">
        {refusal && <span class="error">{refusalWords(refusal)}</span>}
        {areaWords && <strong>{areaWords}</strong>}
        {area?.approximate && <span class="hint">{t("place.approximate")}</span>}
        {where.at && (
          <button type="button" class="plain" onClick={() => onChange({ at: null, place: "" })}>
            {t("place.clear")}
          </button>
        )}
      </p>
    </fieldset>
  );
}

const both = (area: AreaAt): string =>
  language.value === "ko"
    ? `${area.district_ko} ${area.name_ko}`
    : `${area.name_en}, ${area.district_en}`;
