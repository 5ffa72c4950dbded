import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 20_000, // a loaded machine draws slowly
    css: { modules: { classNameStrategy: "non-scoped" } },
  },
});
