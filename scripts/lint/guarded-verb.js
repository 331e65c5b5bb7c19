import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const guards = ["requireScope", "appendAdminEntry"];
const mutations = new Set(["insertInto", "updateTable", "deleteFrom", "mergeInto", "replaceInto"]);
/** A statement that writes; `FOR UPDATE` only locks. */
const writingSql =
  /\b(INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE|COPY)\b|(?<!\bFOR\s+(NO\s+KEY\s+)?)\bUPDATE\s+(?!OF\b|SKIP\b|NOWAIT\b)[\w."$]/i;

/**
 * A verb is an exported function (or a method of an exported class) that changes the store and is not handed its
 * transaction. With everything of its file that it uses, and every function of another file that it hands its `tx`, it
 * must call the guard.
 */
export function guardVerbs(context, { isVerbRoom, guard }) {
  const functions = new Map();
  const imports = new Map();
  const roots = [];
  const open = [];

  const enter = (node) => {
    if (open.length > 0) open.push({ ...open.at(-1), node });
    else {
      const found = { node, refs: new Set(), calls: new Set(), writes: false, handed: new Set(), takesTx: false };
      open.push({ node, found });
      const name = nameOf(node);
      if (name !== undefined) functions.set(name, found);
      found.takesTx = node.params.some(namesTx);
      if (isExported(node)) roots.push(found);
    }
  };
  const leave = () => open.pop();
  const current = () => open.at(-1)?.found;

  return {
    ImportDeclaration(node) {
      if (!node.source.value.startsWith(".")) return;
      for (const one of node.specifiers) imports.set(one.local.name, resolve(dirname(context.filename), node.source.value));
    },
    FunctionDeclaration: enter,
    FunctionExpression: enter,
    ArrowFunctionExpression: enter,
    "FunctionDeclaration:exit": leave,
    "FunctionExpression:exit": leave,
    "ArrowFunctionExpression:exit": leave,
    Identifier(node) {
      current()?.refs.add(node.name);
    },
    TaggedTemplateExpression(node) {
      const text = node.quasi.quasis.map((part) => part.value.raw).join(" x ");
      const found = current();
      if (found && writingSql.test(text)) found.writes = true;
    },
    CallExpression(node) {
      const found = current();
      if (!found) return;
      const { callee } = node;
      const name = callee.type === "Identifier" ? callee.name : callee.type === "MemberExpression" ? callee.property.name : undefined;
      if (name) found.calls.add(name);
      if (mutations.has(name)) found.writes = true;
      if (callee.type === "Identifier" && node.arguments.some((argument) => argument.type === "Identifier" && argument.name === "tx"))
        found.handed.add(callee.name);
    },
    "Program:exit"() {
      for (const root of roots) if (!root.takesTx) judge(context, root, { functions, imports, isVerbRoom, guard });
    },
  };
}

function judge(context, root, { functions, imports, isVerbRoom, guard }) {
  const used = closureOf(root, functions);
  const others = used.flatMap((one) => [...one.handed]).flatMap((name) => (imports.has(name) ? [factsOf(imports.get(name), name)] : []));
  if (!used.some((one) => one.writes) && !others.some((one) => one.writes)) return;
  if (!isVerbRoom) {
    if (guard === guards[0]) context.report({ node: root.node, message: "the store is changed by verbs of src/control alone" });
    return;
  }
  const called = new Set([...used.flatMap((one) => [...one.calls]), ...others.flatMap((one) => [...one.calls])]);
  if (!called.has(guard)) context.report({ node: root.node, message: `a function that changes the store must call ${guard}` });
}

/** A function and everything of its file that it mentions, directly or not. */
function closureOf(root, functions) {
  const used = new Set([root]);
  for (const one of used) for (const name of one.refs) if (functions.has(name)) used.add(functions.get(name));
  return [...used];
}

const known = new Map();
const nothing = { writes: false, calls: [] };

/** Whether a function of another file of control changes the store, with all that it uses; and which guards it calls. */
function factsOf(file, name, seen = new Set()) {
  const key = `${file}#${name}`;
  if (seen.has(key) || !existsSync(file) || !/[\\/]src[\\/]control[\\/]/.test(file)) return nothing;
  seen.add(key);
  if (!known.has(file)) known.set(file, readFunctions(file));
  const { functions, imports } = known.get(file);
  const text = functions.get(name);
  if (text === undefined) return nothing;
  const mentioned = [...new Set(text.match(/[A-Za-z_$][\w$]*/g))].filter((word) => word !== name);
  const own = mentioned.filter((word) => functions.has(word)).map((word) => factsOf(file, word, seen));
  const handed = [...text.matchAll(/([A-Za-z_$][\w$]*)\(\s*tx\b/g)].map((match) => match[1]).filter((word) => imports.has(word));
  const used = [...own, ...handed.map((word) => factsOf(imports.get(word), word, seen))];
  return {
    writes: [...mutations].some((verb) => text.includes(`.${verb}(`)) || writingSql.test(sqlOf(text)) || used.some((one) => one.writes),
    calls: guards.filter((guard) => text.includes(`${guard}(`) || used.some((one) => one.calls.includes(guard))),
  };
}

/** The functions of a file as text, by name, and where its imports come from. The formatter puts each one's end on a line of its own. */
function readFunctions(file) {
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const functions = new Map(
    [...text.matchAll(/^(?:export )?(?:async )?function\*? (\w+)[\s\S]*?^\}/gm)].map((match) => [match[1], match[0]]),
  );
  const imports = new Map();
  for (const [, names, source] of text.matchAll(/^import \{([^}]*)\} from "(\.[^"]+)"/gm))
    for (const one of names.split(","))
      imports.set(
        one
          .trim()
          .split(/\s+as\s+/)
          .at(-1),
        resolve(dirname(file), source),
      );
  return { functions, imports };
}

function sqlOf(text) {
  return [...text.matchAll(/\bsql(?:<[^`]*>)?`([^`]*)`/g)].map((match) => match[1]).join("\n;");
}

function nameOf(node) {
  if (node.id) return node.id.name;
  if (node.parent?.type === "VariableDeclarator") return node.parent.id.name;
  return node.parent?.type === "MethodDefinition" ? node.parent.key.name : undefined;
}

function isExported(node) {
  let at = node.parent;
  while (
    at &&
    [
      "VariableDeclarator",
      "VariableDeclaration",
      "MethodDefinition",
      "ClassBody",
      "ClassDeclaration",
      "ObjectExpression",
      "Property",
      "CallExpression",
    ].includes(at.type)
  )
    at = at.parent;
  return at?.type === "ExportNamedDeclaration" || at?.type === "ExportDefaultDeclaration";
}

function namesTx(parameter) {
  if (parameter.type === "Identifier") return parameter.name === "tx";
  if (parameter.type === "AssignmentPattern") return namesTx(parameter.left);
  return parameter.type === "ObjectPattern" && parameter.properties.some((one) => one.key?.name === "tx");
}
