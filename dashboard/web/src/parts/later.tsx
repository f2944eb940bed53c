import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../texts/texts.ts";
import { Button, Notice, Skeleton } from "./basics.tsx";

/** A part of the app that is fetched when it is first shown. */
export function later<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Later(props: P) {
    const [part, setPart] = useState<{ it: ComponentType<P> } | null>(loaded && { it: loaded });
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (part || failed) return;
      load().then(
        (module) => {
          loaded = module.default;
          setPart({ it: module.default });
        },
        () => setFailed(true),
      );
    }, [part, failed]);
    if (part) return <part.it {...props} />;
    if (!failed) return <Skeleton lines={6} />;
    // A file that is gone most often means a newer version of the pages: load the page again.
    return (
      <Notice tone="bad">
        {t("problem.offline")} <Button onClick={() => location.reload()}>{t("common.again")}</Button>
      </Notice>
    );
  };
}
