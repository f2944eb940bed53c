import { useEffect, useId, useRef, useState } from "preact/hooks";
import { areaAt, findPlaces } from "../../api/calls.ts";
import { Refusal } from "../../api/http.ts";
import type { AreaAt, PlaceFound, Point } from "../../api/types.ts";
import { MapView } from "../../map/map.tsx";
import { Button, Notice, refusalWords } from "../../parts/basics.tsx";
import { districtOf, readerDistrict } from "../../state.ts";
import { language, named, t } from "../../texts/texts.ts";
import { nowhere, type Where } from "./draft.ts";

interface Found {
  places: PlaceFound[];
  /** Whether what was typed last is no place that is known here. */
  nothing: boolean;
}

/** Places for what is typed, asked for once typing rests. */
function useFound(q: string, searching: boolean): Found {
  const [found, setFound] = useState<Found>({ places: [], nothing: false });
  useEffect(() => {
    const wanted = q.trim();
    const short = wanted.length < 2;
    if (!searching || short) {
      setFound((before) => ({ places: [], nothing: before.nothing && !short }));
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      findPlaces(wanted, stop.signal).then(
        (places) => setFound({ places, nothing: places.length === 0 }),
        () => setFound({ places: [], nothing: false }),
      );
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

function Search(props: {
  where: Where;
  onType: (q: string) => void;
  onChoose: (one: PlaceFound) => void;
}) {
  const { at, place } = props.where;
  const [searching, setSearching] = useState(false);
  const [active, setActive] = useState(0);
  const { places, nothing } = useFound(place, searching);
  const id = useId();
  const open = searching && places.length > 0;
  useEffect(() => setActive(0), [places]);
  const choose = (one: PlaceFound | undefined): void => {
    if (!one) return;
    setSearching(false);
    props.onChoose(one);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (open) choose(places[active]);
    } else if (event.key === "Escape") setSearching(false);
    else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setActive((active + by + places.length) % places.length);
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
        value={place}
        onInput={(event) => {
          setSearching(true);
          props.onType(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setTimeout(() => setSearching(false), 150)}
      />
      {open && (
        <ul id={`${id}-list`} role="listbox" class="found">
          {places.map((one, n) => (
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
      <p class="hint" role="status">
        {nothing && !at && t("place.nothing")}
      </p>
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
        const at = { lat: coords.latitude, lon: coords.longitude };
        onChange({ ...latest.current, at, suggested: false });
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
          where={where}
          onType={(place) =>
            onChange(where.suggested ? { ...nowhere, place } : { ...where, place })
          }
          onChoose={({ name, lat, lon }) =>
            onChange({ at: { lat, lon }, place: name, suggested: true })
          }
        />
        <Button busy={locating} onClick={locate}>
          {t("place.locate")}
        </Button>
      </div>
      {denied && <Notice tone="warn">{t("place.denied")}</Notice>}
      <MapView
        label={t("place.map")}
        at={where.at}
        onPick={(at) => onChange({ ...where, at, suggested: false })}
        chosen={area?.district_code ?? null}
      />
      <p class="place-line" aria-live="polite">
        {refusal && <span class="error">{refusalWords(refusal)}</span>}
        {areaWords && <strong>{areaWords}</strong>}
        {area?.approximate && <span class="hint">{t("place.approximate")}</span>}
        {where.at && (
          <button type="button" class="plain" onClick={() => onChange(nowhere)}>
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
