import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "../../api/http.ts";
import { shrink, upload } from "../../api/upload.ts";
import { Button, Notice, refusalWords } from "../../parts/basics.tsx";
import { percent } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";

export const MAX_PHOTOS = 5;

export interface Upload {
  key: number;
  file: File;
  url: string;
  share: number;
  id: string | null;
  refusal: Refusal | null;
}

/** What was chosen last and not taken: how many beyond the limit, and what is no picture. */
export interface LeftOut {
  over: number;
  others: readonly string[];
}

export interface Uploads {
  all: readonly Upload[];
  leftOut: LeftOut;
  /** Whether any is still on its way. */
  running: boolean;
  /** How many could not be sent. */
  failed: number;
  ids: string[];
  add: (files: Iterable<File>) => void;
  again: (one: Upload) => void;
  remove: (key: number) => void;
}

/** Photos chosen for a complaint, each sent as soon as it is chosen. */
export function useUploads(): Uploads {
  const [all, setAll] = useState<readonly Upload[]>([]);
  const [leftOut, setLeftOut] = useState<LeftOut>({ over: 0, others: [] });
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

  const send = useCallback(
    (key: number, file: File) => {
      const stop = new AbortController();
      stops.current.set(key, stop);
      change(key, { share: 0, refusal: null });
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

  const begin = useCallback(
    (file: File) => {
      const key = nextKey.current++;
      const url = URL.createObjectURL(file);
      urls.current.add(url);
      setAll((before) => [...before, { key, file, url, share: 0, id: null, refusal: null }]);
      send(key, file);
    },
    [send],
  );

  const add = useCallback(
    (files: Iterable<File>) => {
      const chosen = [...files];
      if (!chosen.length) return;
      const pictures = chosen.filter(isPicture);
      const room = Math.max(0, MAX_PHOTOS - count.current);
      for (const file of pictures.slice(0, room)) begin(file);
      const others = chosen.filter((file) => !isPicture(file)).map((file) => file.name);
      setLeftOut({ over: Math.max(0, pictures.length - room), others });
    },
    [begin],
  );

  const again = useCallback(({ key, file }: Upload) => send(key, file), [send]);

  const remove = useCallback((key: number) => {
    stops.current.get(key)?.abort();
    stops.current.delete(key);
    setAll((before) => before.filter((one) => one.key !== key));
    setLeftOut({ over: 0, others: [] });
  }, []);

  return {
    all,
    leftOut,
    running: all.some((one) => !one.id && !one.refusal),
    failed: all.filter((one) => one.refusal).length,
    ids: all.flatMap((one) => (one.id ? [one.id] : [])),
    add,
    again,
    remove,
  };
}

// Some systems give HEIC files no type at all; those the hub judges.
const isPicture = (file: File): boolean => file.type.startsWith("image/") || file.type === "";

// What the hub has refused for what it is, it would refuse again.
const mayBeTriedAgain = (refusal: Refusal): boolean => !refusal.code.startsWith("photo.");

function Tile(props: { one: Upload; onAgain: () => void; onRemove: () => void }) {
  const { one } = props;
  const { name } = one.file;
  return (
    <li class={one.refusal ? "upload failed" : "upload"}>
      <img src={one.url} alt={name} />
      {!one.id && !one.refusal && (
        <progress max={1} value={one.share} aria-label={t("photo.sending")}>
          {percent(one.share)}
        </progress>
      )}
      {one.refusal && <span class="error">{refusalWords(one.refusal)}</span>}
      {one.refusal && mayBeTriedAgain(one.refusal) && (
        <button
          type="button"
          class="plain"
          aria-label={t("photo.again", { name })}
          onClick={props.onAgain}
        >
          {t("common.again")}
        </button>
      )}
      <button
        type="button"
        class="icon remove"
        aria-label={t("photo.remove", { name })}
        onClick={props.onRemove}
      >
        ✕
      </button>
    </li>
  );
}

export function PhotoPicker(props: { uploads: Uploads }) {
  const { all, leftOut, add, again, remove } = props.uploads;
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
          <Tile
            key={one.key}
            one={one}
            onAgain={() => again(one)}
            onRemove={() => remove(one.key)}
          />
        ))}
      </ul>
      <Button disabled={full} onClick={() => input.current?.click()}>
        {t("photo.add")}
      </Button>
      {leftOut.over > 0 && (
        <Notice tone="warn">{t("photo.over", { n: MAX_PHOTOS, over: leftOut.over })}</Notice>
      )}
      {leftOut.others.length > 0 && (
        <Notice tone="warn">{t("photo.others", { names: leftOut.others.join(", ") })}</Notice>
      )}
      <p class="hint">{t("photo.hint", { n: MAX_PHOTOS })}</p>
    </fieldset>
  );
}
