import { dirname, relative, resolve } from "node:path";
import { guardVerbs } from "./guarded-verb.js";
import { refusal } from "./rooms.js";

const root = resolve(import.meta.dirname, "..", "..");
const isTest = (path) => /\.(test|e2e)\.ts$|^test\//.test(path);
const pathOf = (context) => relative(process.env.AQUEDUTO_LINT_ROOT ?? root, context.filename).replaceAll("\\", "/");

/** The arrows between rooms. */
const roomFence = {
  create(context) {
    const from = pathOf(context);
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== "string" || !source.startsWith(".") || isTest(from)) return;
      const to = relative(process.env.AQUEDUTO_LINT_ROOT ?? root, resolve(dirname(context.filename), source)).replaceAll("\\", "/");
      const why = refusal(from, to);
      if (why) context.report({ node, message: `${why} (docs/architecture.md, "The house")` });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};

/** process.env is read in one place, so that every key is known and checked at the start. */
const noProcessEnv = {
  create(context) {
    const path = pathOf(context);
    if (!path.startsWith("src/") || path === "src/platform/config.ts" || isTest(path)) return {};
    return {
      MemberExpression(node) {
        if (node.object.type === "Identifier" && node.object.name === "process" && node.property.name === "env")
          context.report({ node, message: "read configuration through src/platform/config.ts" });
      },
    };
  },
};

/** No change without a guard in its transaction; see guarded-verb.js for what counts as one. */
const guardRule = (guard) => ({
  create(context) {
    const path = pathOf(context);
    if (isTest(path) || !/^src\/(control|admin)\//.test(path)) return {};
    return guardVerbs(context, { isVerbRoom: path.startsWith("src/control/"), guard });
  },
});

export default {
  meta: { name: "aqueduto" },
  rules: {
    "room-fence": roomFence,
    "no-process-env": noProcessEnv,
    "guarded-verb": guardRule("requireScope"),
    "audited-verb": guardRule("appendAdminEntry"),
  },
};
