/** Saves what History's filters show as one file, chunk by chunk, through the browser's own download. */
import type { Api } from '../../shared/contract.ts';
import type { HistoryFilter } from '../../shared/history.ts';

const TYPES = { csv: 'text/csv', json: 'application/json' } as const;

/** Answers the file's name. `onProgress` is told the characters so far. Rejects with what the core answered, or an abort. */
export async function exportHistory(
  api: Pick<Api, 'history'>,
  format: 'csv' | 'json',
  filter: HistoryFilter,
  onProgress: (characters: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const chunks: string[] = [];
  let characters = 0;
  let name: string;
  let cursor: string | null = null;
  do {
    const part: { name: string; chunk: string; cursor: string | null } = await api.history.export(
      { format, filter, ...(cursor === null ? {} : { cursor }) },
      { signal },
    );
    chunks.push(part.chunk);
    characters += part.chunk.length;
    name = part.name;
    cursor = part.cursor;
    onProgress(characters);
  } while (cursor !== null);
  saveAs(name, new Blob(chunks, { type: TYPES[format] }));
  return name;
}

/** Hands a file to the browser to keep. */
function saveAs(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; the address must live until it has been read.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
