import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "../../api/http.ts";
import { shrink, upload } from "../../api/upload.ts";
import { Button, refusalWords } from "../../parts/basics.tsx";
import { percent } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";

export const MAX_PHOTOS = 5;

export interface Upload {
  key: number;
  name: string;
  url: string;
  share: number;
  id: string | null;
  refusal: Refusal | null;
}

export interface Uploads {
  all: readonly Upload[];
  /** Whether any is still on its way. */
  running: boolean;
  ids: string[];
  add: (files: Iterable<File>) => void;
  remove: (key: number) => void;
}

/** Photos chosen for a complaint, each sent as soon as it is chosen. */
export function useUploads(): Uploads {
  const [all, setAll] = useState<readonly Upload[]>([]);
  const stops = useRef(new Map<number, AbortController>());
  const nextKey = useRef(1);
  const count = useRef(0);
  const urls = useRef(new Set<string>());
  count.current = all.length;

  useEffect(() => {
    const made = urls.current;
    const running = stops.current;
    return () => {
      for (const url of made) URL.revokeObjectURL(url);
      for (const stop of running.values()) stop.abort();
    };
  }, []);

  const change = useCallback((key: number, values: Partial<Upload>) => {
    setAll((before) => before.map((one) => (one.key === key ? { ...one, ...values } : one)));
  }, []);

  const begin = useCallback(
    (file: File) => {
      const key = nextKey.current++;
      const stop = new AbortController();
      const url = URL.createObjectURL(file);
      urls.current.add(url);
      stops.current.set(key, stop);
      const fresh = { key, name: file.name, url, share: 0, id: null, refusal: null };
      setAll((before) => [...before, fresh]);
      shrink(file)
        .then((photo) => upload(photo, (share) => change(key, { share }), stop.signal))
        .then(
          ({ id }) => change(key, { id, share: 1 }),
          (error: unknown) => {
            if (error instanceof Refusal) change(key, { refusal: error });
          },
        );
    },
    [change],
  );

  const add = useCallback(
    (files: Iterable<File>) => {
      const room = MAX_PHOTOS - count.current;
      for (const file of [...files].filter(isPicture).slice(0, Math.max(0, room))) begin(file);
    },
    [begin],
  );

  const remove = useCallback((key: number) => {
    stops.current.get(key)?.abort();
    stops.current.delete(key);
    setAll((before) => before.filter((one) => one.key !== key));
  }, []);

  return {
    all,
    running: all.some((one) => !one.id && !one.refusal),
    ids: all.flatMap((one) => (one.id ? [one.id] : [])),
    add,
    remove,
  };
}

// Some systems give HEIC files no type at all; those the hub judges.
const isPicture = (file: File): boolean => file.type.startsWith("image/") || file.type === "";

function Tile(props: { one: Upload; onRemove: () => void }) {
  const { one } = props;
  return (
    <li class={one.refusal ? "upload failed" : "upload"}>
      <img src={one.url} alt={one.name} />
      {!one.id && !one.refusal && (
        <progress max={1} value={one.share} aria-label={t("photo.sending")}>
          {percent(one.share)}
        </progress>
      )}
      {one.refusal && <span class="error">{refusalWords(one.refusal)}</span>}
      <button
        type="button"
        class="icon remove"
        aria-label={t("photo.remove", { name: one.name })}
        onClick={props.onRemove}
      >
        ✕
      </button>
    </li>
  );
}

export function PhotoPicker(props: { uploads: Uploads }) {
  const { all, add, remove } = props.uploads;
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const full = all.length >= MAX_PHOTOS;
  return (
    <fieldset
      class={over ? "photos-picker over" : "photos-picker"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        add(event.dataTransfer?.files ?? []);
      }}
    >
      <legend>
        {t("photo.title")} <span class="optional">{t("common.optional")}</span>
      </legend>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept="image/*,.heic"
        multiple
        tabIndex={-1}
        aria-label={t("photo.add")}
        onChange={(event) => {
          add(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
        }}
      />
      <ul class="uploads">
        {all.map((one) => (
          <Tile key={one.key} one={one} onRemove={() => remove(one.key)} />
        ))}
      </ul>
      <Button disabled={full} onClick={() => input.current?.click()}>
        {t("photo.add")}
      </Button>
      <p class="hint">{t("photo.hint", { n: MAX_PHOTOS })}</p>
    </fieldset>
  );
}
