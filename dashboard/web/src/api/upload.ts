import { csrf, errorBody, Refusal } from "./http.ts";
import type { PhotoMade } from "./types.ts";

const TIMEOUT_MS = 120_000;
/** Photos above this are made smaller here first: a phone's picture takes long on a slow line. */
const SHRINK_ABOVE_BYTES = 1_500_000;
const SHRUNK_EDGE_PX = 2560;

/** A smaller JPEG of a large photo; the photo as it is when it is small or cannot be drawn. */
export async function shrink(file: Blob): Promise<Blob> {
  if (file.size <= SHRINK_ABOVE_BYTES) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SHRUNK_EDGE_PX / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const made = await new Promise<Blob | null>((done) => {
      canvas.toBlob(done, "image/jpeg", 0.85);
    });
    return made && made.size < file.size ? made : file;
  } catch {
    return file;
  }
}

/** Sends a photo; `progress` is told the share sent, 0 to 1. Throws Refusal. */
export function upload(
  photo: Blob,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<PhotoMade> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const failed = (): void => fail(new Refusal(0, {}));
    request.open("POST", "/api/v1/photos");
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader("Content-Type", photo.type || "application/octet-stream");
    if (csrf.value) request.setRequestHeader("X-CSRF-Token", csrf.value);
    request.upload.onprogress = (event) => progress(event.loaded / Math.max(1, event.total));
    request.onload = () => {
      if (request.status < 300) done(JSON.parse(request.responseText) as PhotoMade);
      else fail(new Refusal(request.status, errorBody(request.responseText)));
    };
    request.onerror = request.ontimeout = request.onabort = failed;
    signal.addEventListener("abort", () => request.abort());
    request.send(photo);
  });
}
