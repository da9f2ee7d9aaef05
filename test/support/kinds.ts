/**
 * Finds the product's files that name a kind of server, so that their number stays small: what depends on the kind is
 * looked up in a table. Pure; reads no disk.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { KINDS, kinds } from '../../shared/kinds/kinds.ts';
import { importsOf } from './imports.ts';

/** More than these look up too little. */
export const MOST_FILES_NAMING_A_KIND = 10;

const names = KINDS.join('|');
/** A kind's own: a folder of its name, and files of its name beside those of other kinds. */
const OWN = new RegExp(`/(?:${names})/|^shared/(?:kinds|workflow)/(?:${names})[-.]`);
/** Plays servers, so it names them all the time. */
const DEMO = 'electron/demo/';
const LABELS: ReadonlySet<string> = new Set(KINDS.map((kind) => kinds[kind].label));
/** In the text of a statement, such as a `CHECK`. */
const QUOTED = new RegExp(`'(?:${names})'`);

/**
 * Of the files given, those that name a kind outside of its own rooms: as a word (`'comfy'`, also in a statement), as
 * a key or property, by comparing with the product's name, or by importing from one of its rooms. Paths are relative to the root.
 */
export function filesNamingAKind(files: readonly { path: string; text: string }[]): string[] {
  const possible = new RegExp(names, 'i');
  return files
    .filter(({ path, text }) => /^(?:shared|electron|renderer)\/.*\.tsx?$/.test(path) && possible.test(text))
    .filter(({ path }) => !OWN.test(path) && !path.startsWith(DEMO))
    .filter(({ path, text }) => namesOne(path, text) || importsOf(text, path).some((from) => isOwn(path, from)))
    .map(({ path }) => path);
}

function isOwn(file: string, specifier: string): boolean {
  return specifier.startsWith('.') && OWN.test(posix.join(posix.dirname(file), specifier));
}

function namesOne(path: string, text: string): boolean {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  const names = (node: ts.Node): boolean => {
    if (ts.isImportDeclaration(node)) return false;
    if (ts.isStringLiteralLike(node) && (isKind(node.text) || QUOTED.test(node.text))) return true;
    if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind) && [node.left, node.right].some(isLabel))
      return true;
    if (ts.isPropertyAccessExpression(node) && isKind(node.name.text)) return true;
    if ((ts.isPropertyAssignment(node) || ts.isPropertySignature(node)) && isKind(propertyName(node.name))) return true;
    if (ts.isShorthandPropertyAssignment(node) && isKind(node.name.text)) return true;
    return ts.forEachChild(node, (child) => names(child) || undefined) === true;
  };
  return names(source);
}

const propertyName = (name: ts.PropertyName): string => (ts.isIdentifier(name) ? name.text : '');
const EQUALITY: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);
const isLabel = (node: ts.Node): boolean => ts.isStringLiteralLike(node) && LABELS.has(node.text);
const isKind = (name: string): boolean => (KINDS as readonly string[]).includes(name);
