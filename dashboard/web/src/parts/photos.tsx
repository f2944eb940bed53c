import { useEffect, useState } from "preact/hooks";
import type { Photo } from "../api/types.ts";
import { t } from "../texts/texts.ts";
import { Dialog } from "./dialog.tsx";

type Load = (n: number) => Promise<Blob>;

/** The address of a picture that only a permission opens; null until it is here. */
function usePicture(load: Load, n: number): { url: string | null; failed: boolean } {
  const [state, setState] = useState<{ url: string | null; failed: boolean }>(
    { url: null, failed: false });
  useEffect(() => {
    let gone = false;
    let url: string | null = null;
    load(n).then(
      (blob) => {
        if (gone) return;
        url = URL.createObjectURL(blob);
        setState({ url, failed: false });
      },
      () => {
        if (!gone) setState({ url: null, failed: true });
      },
    );
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [load, n]);
  return state;
}

function Thumbnail(props: { load: Load; photo: Photo }) {
  const { n, width, height } = props.photo;
  const { url, failed } = usePicture(props.load, n);
  const [open, setOpen] = useState(false);
  const alt = t("photo.number", { n });
  if (failed) return <li class="photo failed">{t("photo.failed")}</li>;
  return (
    <li class="photo">
      <button type="button" disabled={!url} aria-label={alt} onClick={() => setOpen(true)}>
        {url && <img src={url} alt="" width={width} height={height} />}
      </button>
      {open && url && (
        <Dialog title={alt} wide onClose={() => setOpen(false)}>
          <img class="full" src={url} alt={alt} width={width} height={height} />
        </Dialog>
      )}
    </li>
  );
}

/** The photos of a case. `load` must be stable between renderings. */
export function Photos(props: { photos: readonly Photo[]; load: Load }) {
  if (!props.photos.length) return null;
  return (
    <ul class="photos">
      {props.photos.map((photo) => (
        <Thumbnail key={photo.n} load={props.load} photo={photo} />
      ))}
    </ul>
  );
}
