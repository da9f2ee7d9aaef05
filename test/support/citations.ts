/**
 * What comments, test names and documents cite of the books in docs/ (docs/developing.md says how), and what the books have
 * to cite. Pure: knows no files.
 */
const BOOKS = ['architecture', 'comfyui', 'swarmui'] as const;
export type Book = (typeof BOOKS)[number];

/** `cited` as a book has it: `architecture §7.2`, `comfyui rec 04`, `C7`; null for one that names no book. */
export interface Citation {
  readonly cited: string | null;
  /** As it stands in the text. */
  readonly as: string;
  readonly line: number;
}

/** Sections by their numbers, facts by a heading or in bold, recordings by the numbers of their files. */
export function anchorsOf(book: Book, markdown: string, recordings: readonly string[] = []): string[] {
  const all = (pattern: RegExp): string[] => [...markdown.matchAll(pattern)].map((match) => match[1] ?? '');
  return [
    ...all(/^#+ (\d+(?:\.\d+)*)\.? /gm).map((number) => `${book} §${number}`),
    ...all(/^#+ ([CSLR]\d+) /gm),
    ...all(/\*\*([IQ]\d+)\*\*/g),
    ...recordings
      .flatMap((name) => /^(\d\d)-.*\.jsonl$/.exec(name)?.[1] ?? [])
      .map((number) => `${book} rec ${number}`),
  ];
}

const TOKEN = new RegExp(
  [
    String.raw`\b(?<book>${BOOKS.join('|')})(?=\s+(?:§|rec \d))`,
    String.raw`§ ?(?<section>\d+(?:\.\d+)*)?`,
    String.raw`(?<![A-Za-z])rec (?<records>\d\d(?:(?:,| to| and)\s+\d\d)*)`,
    String.raw`(?<![\w#.](?<!_))(?<fact>[CSLRIQ]\d{1,2})(?![A-Za-z\d])`,
  ].join('|'),
  'g',
);
/** What may stand between two citations of one book. */
const BETWEEN = /^(?: no\. \d+)?(?:[,;:–]|\s+(?:and|to|or))?\s+$/;
/** A section of something that has its own name. */
const ELSEWHERE = /\bRFC \d+ $/;

/** All citations of a text, in order. `own`: the book the text is, whose own sections need no name. */
export function citationsIn(text: string, own: Book | null = null): Citation[] {
  // Comments that go on in the next line; every character keeps its place. Paths of a picture are no facts.
  const flat = text
    .replace(/\n[ \t]*(?:\*(?!\*)|\/\/)?/g, (ending) => ' '.repeat(ending.length))
    .replace(/\bd="[^"]*"/g, (path) => ' '.repeat(path.length));
  const found: Citation[] = [];
  let book: Book | null = null;
  let end = 0;
  for (const match of flat.matchAll(TOKEN)) {
    const { section, records, fact } = match.groups ?? {};
    const goesOn = BETWEEN.test(flat.slice(end, match.index));
    const line = text.slice(0, match.index).split('\n').length;
    const note = (cited: string | null): void => void found.push({ cited, as: match[0], line });
    const named = BOOKS.find((one) => one === match.groups?.['book']);
    if (named !== undefined) book = named;
    else {
      if (!goesOn) book = own;
      if (fact !== undefined) note(fact);
      else if (records !== undefined)
        for (const number of records.match(/\d\d/g) ?? []) note(book === null ? null : `${book} rec ${number}`);
      else if (!ELSEWHERE.test(flat.slice(0, match.index)))
        note(book === null || section === undefined ? null : `${book} §${section}`);
    }
    end = match.index + match[0].length;
  }
  return found;
}

/** Names of plans that are not in this repository. */
export function staleNamesIn(text: string): string[] {
  return [
    ...text.matchAll(
      /\b(?:quality|product|style|toolchain)\.md\b|\breference(?: comfy| swarm)? §|\brecording \d\d\b/gi,
    ),
  ].map((match) => match[0]);
}
