/** SQL for settings: one row a key, JSON values, unreadable ones fall back to their default. */
import type { ServerId } from '../../../shared/ids.ts';
import { DEFAULT_SETTINGS, SettingsSchema } from '../../../shared/settings.ts';
import type { Settings } from '../../../shared/settings.ts';
import { defined } from '../../../shared/util/defined.ts';
import type { Database } from './database.ts';

/** `leaving.<server>`: its removal waits for jobs to stop; nothing new is sent there. */
export type CoreFlag = 'queue.paused' | `leaving.${ServerId}`;

export class SettingsStore {
  readonly #db: Database;
  readonly #q;

  constructor(db: Database) {
    this.#db = db;
    this.#q = {
      all: db.raw.prepare<[], { key: string; value: string }>(
        "SELECT key, value FROM settings WHERE key LIKE 'user.%'",
      ),
      get: db.raw.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck(),
      set: db.raw.prepare(
        'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      ),
    };
  }

  get(): Settings {
    const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
    for (const { key, value } of this.#q.all.all()) {
      const name = key.slice('user.'.length);
      const parsed = SettingsSchema.partial().safeParse({ [name]: parse(value) });
      if (parsed.success && name in settings) Object.assign(settings, parsed.data);
    }
    return SettingsSchema.parse(settings);
  }

  /** Those that are given. */
  set(patch: { [K in keyof Settings]?: Settings[K] | undefined }): Settings {
    this.#db.tx(() => {
      for (const [key, value] of Object.entries(defined(patch))) this.#q.set.run(`user.${key}`, JSON.stringify(value));
    });
    return this.get();
  }

  /** Facts of the core itself, e.g. whether the whole queue is paused. */
  flag(name: CoreFlag): boolean {
    return this.#q.get.get(`core.${name}`) === 'true';
  }
  setFlag(name: CoreFlag, value: boolean): void {
    this.#q.set.run(`core.${name}`, String(value));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // an unreadable value counts as absent: its default is used
  }
}
