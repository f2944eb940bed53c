/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compress } from "./compress.plugin.ts";
import { texts } from "./texts.plugin.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const hub = process.env["BIGEAR_DEV_HUB"] ?? "http://127.0.0.1:8311";

export default defineConfig({
  plugins: [texts(here("../../config/texts")), compress()],
  resolve: { alias: { "@contract": here("../contract") } },
  build: {
    target: "es2022",
    outDir: "dist",
    assetsDir: "assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The map is one large file that only a page with a map asks for.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  worker: { format: "es" },
  server: { host: "127.0.0.1", proxy: { "/api": hub } },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
});
