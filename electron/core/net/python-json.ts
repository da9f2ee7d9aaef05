/**
 * Reads JSON as Python writes it: with the bare tokens NaN, Infinity and -Infinity (comfyui §1, rec 28).
 * They become null. Text inside strings is never touched.
 */

/** Throws SyntaxError for what is no JSON in either sense. */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!text.includes('NaN') && !text.includes('Infinity')) throw error;
    return JSON.parse(withoutBareTokens(text)) as unknown;
  }
}

const BARE = /-?Infinity|NaN/g;

function withoutBareTokens(text: string): string {
  let clean = '';
  let from = 0;
  for (;;) {
    const quote = text.indexOf('"', from);
    const outside = quote === -1 ? text.slice(from) : text.slice(from, quote);
    clean += outside.replace(BARE, 'null');
    if (quote === -1) return clean;
    const end = stringEnd(text, quote);
    clean += text.slice(quote, end);
    from = end;
  }
}

/** Index just after the string that begins at `quote`; the text's length when it does not end. */
export function stringEnd(text: string, quote: number): number {
  let at = quote + 1;
  for (;;) {
    const close = text.indexOf('"', at);
    if (close === -1) return text.length;
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === 92) slashes += 1;
    if (slashes % 2 === 0) return close + 1;
    at = close + 1;
  }
}
