/** What a measure has started and must be ended again, also when it fails or is stopped: last started, first ended. */

const ends: (() => void | Promise<void>)[] = [];

/** Ends with the measure, or earlier when the returned function is called. */
export function atEnd(end: () => void | Promise<void>): () => Promise<void> {
  ends.push(end);
  return async () => {
    const index = ends.indexOf(end);
    if (index === -1) return;
    ends.splice(index, 1);
    await end();
  };
}

export async function endAll(): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    try {
      await end();
    } catch (error) {
      // The next one must be ended all the same.
      console.error(error);
    }
  }
}
