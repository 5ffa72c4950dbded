import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

// Replaced by the server in every answer, so that only the page's own styles are let in
// (callcenter/api/static_files.py).
const CSP_NONCE = "__CSP_NONCE__";

export default defineConfig(({ mode }) => {
  const server = loadEnv(mode, ".", "CALLCENTER_").CALLCENTER_URL ?? "http://127.0.0.1:8080";
  return {
    plugins: [react()],
    html: { cspNonce: CSP_NONCE },
    // Browsers of the last two years: what an agent's desk runs.
    build: { target: "es2023", sourcemap: false, chunkSizeWarningLimit: 700 },
    server: {
      // The Host header stays as the browser sent it, so that the server takes the page for its own.
      proxy: { "/api": { target: server, ws: true, changeOrigin: false } },
    },
  };
});
