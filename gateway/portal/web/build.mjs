// Builds the page:   node build.mjs [OUT]            default ../static/sign.js
// or, for the tests: node build.mjs --library OUT
// The same sources and the same lock file give the same bytes.
import { build } from "esbuild";

const library = process.argv[2] === "--library";
const outfile = process.argv[library ? 3 : 2] ?? "../static/sign.js";

await build({
  absWorkingDir: import.meta.dirname ?? new URL(".", import.meta.url).pathname,
  entryPoints: [library ? "src/library.ts" : "src/main.ts"],
  outfile,
  bundle: true,
  charset: "utf8",
  loader: { ".bin": "binary" },
  legalComments: "inline",
  logLevel: "warning",
  ...(library
    ? { format: "esm", platform: "node", target: "node20" }
    : {
        format: "iife",
        globalName: "xinlian",
        minify: true,
        platform: "browser",
        // the first browsers with passkeys on phones
        target: ["chrome108", "safari16", "firefox122"],
        banner: { js: "/* Xinlian signing page. Source in gateway/portal/web. Apache-2.0. */" },
      }),
});
