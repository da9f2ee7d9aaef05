/**
 * Python's side of the wire: JSON as `json.dumps` writes it (spaces, ASCII only, bare NaN and Infinity; comfyui §1) and
 * reads it,
 * `==` on parsed values, and `float()`. Knows nothing of ComfyUI.
 */

/** Raised where Python would raise TypeError, ValueError, KeyError…; the server answers it with its 500 text. */
export class PyError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.name = 'PyError';
    this.type = type;
  }
}

const escapeAscii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

/** Encodes like `json.dumps` with default settings. `undefined` members are left out, as absent dict keys. */
export function pyDumps(value: unknown): string {
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value)) return 'NaN';
      if (value === Infinity) return 'Infinity';
      if (value === -Infinity) return '-Infinity';
      return Object.is(value, -0) ? '-0.0' : String(value);
    case 'string':
      return escapeAscii(JSON.stringify(value));
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(pyDumps).join(', ')}]`;
      const parts: string[] = [];
      for (const [key, member] of Object.entries(value)) {
        if (member !== undefined) parts.push(`${escapeAscii(JSON.stringify(key))}: ${pyDumps(member)}`);
      }
      return `{${parts.join(', ')}}`;
    }
    default:
      throw new PyError('TypeError', `Object of type ${typeof value} is not JSON serializable`);
  }
}

/** Strings are skipped whole, so that a text holding "NaN" stays untouched. */
const bareTokens = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;
const marker = '\u0000py:';

/** Decodes like `json.loads`: accepts NaN, Infinity and -Infinity. Throws PyError `JSONDecodeError`. */
export function pyLoads(text: string): unknown {
  const hasBare = /NaN|Infinity/.test(text);
  const source = hasBare ? text.replace(bareTokens, (m) => (m.startsWith('"') ? m : JSON.stringify(marker + m))) : text;
  const revive = (_key: string, v: unknown): unknown =>
    typeof v === 'string' && v.startsWith(marker) ? Number(v.slice(marker.length)) : v;
  try {
    return hasBare ? JSON.parse(source, revive) : JSON.parse(source);
  } catch {
    throw new PyError('JSONDecodeError', 'Expecting value: line 1 column 1 (char 0)');
  }
}

const written = new WeakMap<object, string>();

/** `pyDumps` of a value that will not change any more; its text is kept for the next time. */
export function pyDumpsOnce(value: object): string {
  const known = written.get(value);
  if (known !== undefined) return known;
  const text = pyDumps(value);
  written.set(value, text);
  return text;
}

export type Dict = Record<string, unknown>;

export const isDict = (v: unknown): v is Dict => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Python's `==` on JSON values. */
export function pyEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => pyEqual(v, b[i]));
  if (isDict(a) && isDict(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && pyEqual(a[k], b[k]));
  }
  return false;
}

/**
 * Python's `float(x)`: numbers, booleans and numeric strings (also "nan", "inf"). Throws PyError otherwise
 * (comfyui §3.3).
 */
export function pyFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    const text = value.trim().toLowerCase();
    const special = /^([+-]?)(nan|inf|infinity)$/.exec(text);
    if (special) return special[2] === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity;
    if (/^[+-]?(\d+(_\d+)*\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text)) return Number(text.replaceAll('_', ''));
    throw new PyError('ValueError', `could not convert string to float: '${value}'`);
  }
  throw new PyError('TypeError', `float() argument must be a string or a real number, not '${pyTypeName(value)}'`);
}

/**
 * Python's `int(x)` for values from JSON. Throws PyError with Python's words, which `node_errors` quotes
 * (comfyui rec 04).
 */
export function pyInt(value: unknown): number {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new PyError('ValueError', 'cannot convert float NaN to integer');
    return Math.trunc(value);
  }
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    if (/^\s*[+-]?\d+\s*$/.test(value)) return Number(value);
    throw new PyError('ValueError', `invalid literal for int() with base 10: '${value}'`);
  }
  throw new PyError(
    'TypeError',
    `int() argument must be a string, a bytes-like object or a real number, not '${pyTypeName(value)}'`,
  );
}

/** Python's name for the type of a JSON value. */
export function pyTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    default:
      return 'dict';
  }
}

/** Python's `str(x)` for the scalars a prompt id may be (comfyui rec 22): `None`, `12345`, … */
export function pyStr(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : pyDumps(value).replaceAll('"', "'");
}

/** Python's `x in container` for a string x: a key, an element, a part of a text. Throws PyError for what cannot be searched. */
export function pyIn(text: string, container: unknown): boolean {
  if (typeof container === 'string' || Array.isArray(container)) return container.includes(text);
  if (isDict(container)) return Object.hasOwn(container, text);
  throw new PyError('TypeError', `argument of type '${pyTypeName(container)}' is not iterable`);
}

/** Truthiness as Python sees it. */
export const pyTruthy = (v: unknown): boolean =>
  Array.isArray(v) ? v.length > 0 : isDict(v) ? Object.keys(v).length > 0 : Boolean(v) || Number.isNaN(v);

/** Throws as `body.get(…)` does in Python when the body is no object. */
export function needDict(body: unknown): Dict {
  if (!isDict(body)) throw new PyError('AttributeError', "object has no attribute 'get'");
  return body;
}

/** Throws as `for x in value` does. A text is iterated letter by letter, an object by its keys (comfyui §3.4). */
export function needIterable(value: unknown): Iterable<unknown> {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value as unknown[];
  if (isDict(value)) return Object.keys(value);
  throw new PyError('TypeError', `'${pyTypeName(value)}' object is not iterable`);
}

/** Members a handler asks for with `if "x" in json`: an array has none by name. Throws for anything that cannot be searched. */
export function membersOf(body: unknown, ...names: readonly string[]): Dict {
  if (names.some((name) => pyIn(name, body)) && !isDict(body))
    throw new PyError('TypeError', 'list indices must be integers or slices, not str');
  return isDict(body) ? body : {};
}
