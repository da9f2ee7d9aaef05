/** Short titles from prompts: what a row, a batch and a dialog call a job. Pure text, no lookups. */

/** Shown whole in a row at most; the rest is in the payload. */
const MAX_TITLE = 120;

/**
 * One line from a prompt: LoRA tags and weights go, spaces and stray commas are put right, cut at a word. Empty for a
 * prompt without words.
 */
export function titleOf(prompt: string): string {
  const plain = prompt
    .replace(/<[a-z]+:[^<>]*>/gi, ' ')
    .replace(/(?<!\\)[([]+|(?<!\\)(?::[\d.]+)?[)\]]+/g, '')
    .replace(/\\([()[\]])/g, '$1')
    .replace(/\bBREAK\b/g, ',')
    .replace(/\s+/g, ' ')
    .replace(/\s*,(?:\s*,)*\s*/g, ', ')
    .replace(/^[\s,]+|[\s,]+$/g, '');
  return shorten(plain, MAX_TITLE);
}

/** The title of a prompt, else what it came from. */
export function titleOr(prompt: string, source: string | null): string | null {
  const title = titleOf(prompt);
  return title === '' ? source : title;
}

/** Cuts at a word where one ends near the limit; counts code points, so that no character is cut in two. */
export function shorten(text: string, limit: number): string {
  const points = [...text];
  if (points.length <= limit) return text;
  const cut = points.slice(0, limit - 1).join('');
  const word = cut.replace(/[\s,;.]+\S*$/, '');
  return `${word.length > cut.length * 0.6 ? word : cut}…`;
}

/** What a batch is called: the prompt as typed, with its alternatives, or the file it came from. */
export function batchTitle(prompt: string, source: string): string {
  const title = titleOf(prompt.replace(/\{([^{}|]*)\|[^{}]*\}/g, '$1'));
  return title === '' ? source.replace(/\.(json|png|webp|jpe?g)$/i, '') : title;
}
