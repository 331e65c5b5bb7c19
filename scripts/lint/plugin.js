import { dirname, relative, resolve } from "node:path";
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

const writers = new Set(["tenantTx", "platformTx"]);
const guards = ["requireScope", "appendAdminEntry"];

/** No change without scope check and audit in its transaction: a function of control that opens a transaction calls both. */
const guardedVerb = {
  create(context) {
    const path = pathOf(context);
    if (!path.startsWith("src/control/") || isTest(path)) return {};
    const open = [];
    const enter = (node) => open.push({ node, calls: new Set(), parent: open.at(-1) });
    const leave = () => {
      const { node, calls, parent } = open.pop();
      if (parent) for (const call of calls) parent.calls.add(call);
      else if ([...calls].some((name) => writers.has(name)) && isMutation(calls))
        for (const guard of guards)
          if (!calls.has(guard)) context.report({ node, message: `a function that changes the store must call ${guard}` });
    };
    const isMutation = (calls) => ["insertInto", "updateTable", "deleteFrom", "mutate"].some((name) => calls.has(name));
    return {
      FunctionDeclaration: enter,
      FunctionExpression: enter,
      ArrowFunctionExpression: enter,
      "FunctionDeclaration:exit": leave,
      "FunctionExpression:exit": leave,
      "ArrowFunctionExpression:exit": leave,
      CallExpression(node) {
        const callee = node.callee;
        const name = callee.type === "Identifier" ? callee.name : callee.type === "MemberExpression" ? callee.property.name : undefined;
        if (name && open.length > 0) open.at(-1).calls.add(name);
      },
    };
  },
};

export default {
  meta: { name: "aqueduto" },
  rules: { "room-fence": roomFence, "no-process-env": noProcessEnv, "guarded-verb": guardedVerb },
};
