/** The one theme. Pages take spacing, sizes and colours from here and from `states.ts`. */

import { createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: 7,
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  // 14 px is the base: what Mantine calls sm is what its inputs, md what its texts have by default.
  fontSizes: { xs: "12px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.4", lg: "1.4", xl: "1.3" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "md",
  fontFamily: "var(--font-text)",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace",
  headings: {
    fontFamily: "var(--font-text)",
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px" },
      h2: { fontSize: "16px" },
      h3: { fontSize: "14px" },
    },
  },
  components: {
    Modal: { styles: { title: { fontSize: "16px", fontWeight: 600 } } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } },
  },
});
