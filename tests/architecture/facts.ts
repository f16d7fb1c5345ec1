import { API } from "typescript/unstable/async";
import {
  type BindingElement,
  type CallExpression,
  type Identifier,
  isAsExpression,
  isBindingElement,
  isCallExpression,
  isEnumDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNewExpression,
  isNoSubstitutionTemplateLiteral,
  isParameterDeclaration,
  isPropertyAccessExpression,
  isStringLiteral,
  isTemplateExpression,
  isVariableDeclaration,
  isVariableStatement,
  type Node,
  NodeFlags,
  type ParameterDeclaration,
  type SourceFile,
  SyntaxKind,
  type VariableDeclaration,
} from "typescript/unstable/ast";
import { createVirtualFileSystem } from "typescript/unstable/fs";

/** The sources of a project: paths relative to its root, as `runtime/base/clock.ts`. */
export type Sources = Readonly<Record<string, string>>;

/** What the architecture rules need to know about one source file. */
export interface FileFacts {
  readonly path: string;
  readonly text: string;
  /** Module specifiers as written: static, dynamic, type-only and re-exported. */
  readonly imports: readonly string[];
  /** Things a rule is about, each with its line. */
  readonly findings: readonly Finding[];
}

/** A construct that some rule forbids somewhere. */
export interface Finding {
  readonly kind:
    | "reexport"
    | "default export"
    | "enum"
    | "any"
    | "module state"
    | "computed import"
    | "error message"
    | "global";
  /** The name of the global, or the text of the error message. */
  readonly detail: string;
  readonly line: number;
}

const watchedGlobals = new Set(["Bun", "Deno", "process", "Request", "Response"]);
/** The position of the message among the arguments of the errors we throw ourselves. */
const messagePosition: Readonly<Record<string, number>> = {
  Error: 0,
  TypeError: 0,
  RangeError: 0,
  RuntimeError: 1,
};

/** Reads the facts off every source with the compiler's own parser. */
export async function readFacts(sources: Sources): Promise<FileFacts[]> {
  const api = new API({ cwd: "/", fs: createVirtualFileSystem(toProject(sources)) });
  try {
    const snapshot = await api.updateSnapshot({ openProjects: ["/tsconfig.json"] });
    const program = snapshot.getProject("/tsconfig.json")?.program;
    return await Promise.all(
      Object.entries(sources).map(async ([path, text]) => {
        const file = await program?.getSourceFile(`/${path}`);
        if (!file) throw new Error(`Cannot parse "${path}": the compiler does not list it`);
        return toFacts(path, { text, file });
      }),
    );
  } finally {
    await api.close();
  }
}

/** Only parsing is wanted, so nothing is resolved and no library is loaded. */
function toProject(sources: Sources): Record<string, string> {
  const compilerOptions = { noLib: true, noResolve: true, types: [], jsx: "preserve" };
  const project = { compilerOptions, files: Object.keys(sources) };
  const files = Object.entries(sources).map(([path, text]) => [`/${path}`, text]);
  return { "/tsconfig.json": JSON.stringify(project), ...Object.fromEntries(files) };
}

function toFacts(path: string, source: { text: string; file: SourceFile }): FileFacts {
  const imports: string[] = [];
  const findings: Finding[] = [];
  const declared = new Set<string>();
  visit(source.file, undefined);
  const isOwnName = ({ kind, detail }: Finding) => kind === "global" && declared.has(detail);
  return { path, text: source.text, imports, findings: findings.filter((f) => !isOwnName(f)) };

  function visit(node: Node, parent: Node | undefined): void {
    const specifier = importedBy(node);
    if (specifier !== undefined) imports.push(specifier);
    for (const { kind, detail } of found(node, parent)) {
      findings.push({ kind, detail, line: lineAt(node) });
    }
    const name = isDeclarationOfName(node) ? node.name : undefined;
    if (name && isIdentifier(name)) declared.add(name.text);
    node.forEachChild((child) => {
      visit(child, node);
      return undefined;
    });
  }

  function lineAt(node: Node): number {
    return source.text.slice(0, node.getStart(source.file)).split("\n").length;
  }
}

/** Names the module a node imports; text and data taken in `with { type: … }` are none. */
function importedBy(node: Node): string | undefined {
  if (isImportDeclaration(node) && node.attributes) return undefined;
  if (isImportDeclaration(node) || isExportDeclaration(node)) {
    return literalText(node.moduleSpecifier);
  }
  if (isDynamicImport(node)) return literalText(node.arguments[0]);
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument)) {
    return literalText(node.argument.literal);
  }
  return undefined;
}

function* found(node: Node, parent: Node | undefined): Iterable<Omit<Finding, "line">> {
  if (isExportDeclaration(node) && node.moduleSpecifier) yield { kind: "reexport", detail: "" };
  if (isExportAssignment(node) || node.kind === SyntaxKind.DefaultKeyword && isModifier(parent)) {
    yield { kind: "default export", detail: "" };
  }
  if (isEnumDeclaration(node)) yield { kind: "enum", detail: "" };
  if (node.kind === SyntaxKind.AnyKeyword) yield { kind: "any", detail: "" };
  if (isModuleState(node, parent)) yield { kind: "module state", detail: "" };
  if (isDynamicImport(node) && literalText(node.arguments[0]) === undefined) {
    yield { kind: "computed import", detail: "" };
  }
  const message = errorMessage(node);
  if (message !== undefined) yield { kind: "error message", detail: message };
  if (isGlobal(node, parent)) yield { kind: "global", detail: node.text };
}

function isModifier(parent: Node | undefined): boolean {
  return parent?.kind === SyntaxKind.FunctionDeclaration ||
    parent?.kind === SyntaxKind.ClassDeclaration;
}

function isModuleState(node: Node, parent: Node | undefined): boolean {
  return isVariableStatement(node) && parent?.kind === SyntaxKind.SourceFile &&
    (node.declarationList.flags & NodeFlags.Const) === 0;
}

function isDynamicImport(node: Node): node is CallExpression {
  return isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword;
}

/** The literal start of the message of `new Error(…)`; undefined when it has none to judge. */
function errorMessage(node: Node): string | undefined {
  if (!isNewExpression(node) || !isIdentifier(node.expression)) return undefined;
  const position = messagePosition[node.expression.text];
  const message = position === undefined ? undefined : node.arguments?.[position];
  if (message && isTemplateExpression(message)) return message.head.text;
  return literalText(message);
}

function isDeclarationOfName(
  node: Node,
): node is VariableDeclaration | ParameterDeclaration | BindingElement {
  return isVariableDeclaration(node) || isParameterDeclaration(node) || isBindingElement(node);
}

/** Whether the node is a watched name used as a value or a type, not a member of something else. */
function isGlobal(node: Node, parent: Node | undefined): node is Identifier {
  if (!isIdentifier(node) || !watchedGlobals.has(node.text)) return false;
  return !(parent && isPropertyAccessExpression(parent) && parent.name === node) &&
    parent?.kind !== SyntaxKind.PropertyAssignment && parent?.kind !== SyntaxKind.PropertySignature;
}

function literalText(node: Node | undefined): string | undefined {
  if (!node) return undefined;
  if (isAsExpression(node)) return literalText(node.expression);
  return isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) ? node.text : undefined;
}
